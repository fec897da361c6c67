use encoding_rs::EUC_KR;

use super::*;
use crate::parse::soon::soon;

fn cp949(text: &str) -> Vec<u8> {
    EUC_KR.encode(text).0.into_owned()
}

fn encoded(text: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[track_caller]
fn check(value: &[u8], text: &str) {
    assert_eq!(words(value), text);
}

#[test]
fn words_are_decoded_in_their_encodings() {
    let whole = cp949("연차 규정");
    check(
        format!("=?ks_c_5601-1987?B?{}?=", encoded(&whole)).as_bytes(),
        "연차 규정",
    );
    check(b"=?euc-kr?Q?=BF=AC=C2=F7_2?= (2)", "연차 2 (2)");
    check(
        "=?UTF-8?Q?=EC=97=B0?= =?utf-8?q?=EC=B0=A8?=".as_bytes(),
        "연차",
    );
    check(b"Re: =?ISO-8859-1*en?Q?Caf=E9?= x", "Re: Café x");
    check(&whole, "연차 규정");
    check("연차".as_bytes(), "연차");
    check(b"1 =? 2 ?= =?x", "1 =? 2 ?= =?x");
    // A character divided between two words.
    let (left, right) = whole.split_at(3);
    check(
        format!(
            "=?euc-kr?B?{}?=\t=?EUC-KR?B?{}?=",
            encoded(left),
            encoded(right)
        )
        .as_bytes(),
        "연차 규정",
    );
    // Characters of EUC-KR that also are UTF-8.
    check(b"=?euc-kr?B?wq8=?=", "짱");
}

#[test]
fn old_korean_mail_of_seven_bits_is_read() {
    let mut bytes = b"\x1B$)C\n\x0E".to_vec();
    bytes.extend(cp949("연차").iter().map(|byte| byte & 0x7F));
    bytes.extend(b"\x0F 15");
    assert_eq!(decode(&bytes, Some("ISO-2022-KR")).text.trim(), "연차 15");
}

#[test]
fn a_charset_that_is_not_true_is_not_believed() {
    for charset in [
        None,
        Some("us-ascii"),
        Some("utf-8"),
        Some("x-unknown"),
        Some("euc-kr"),
    ] {
        assert_eq!(
            decode(&cp949("연차는 15일이다."), charset).text,
            "연차는 15일이다."
        );
        assert_eq!(
            decode("연차는 15일이다.".as_bytes(), charset).text,
            "연차는 15일이다."
        );
    }
}

#[test]
fn names_of_files_come_in_many_ways() {
    let raw = [
        b"attachment; filename=\"".to_vec(),
        cp949("연차.hwp"),
        b"\"".to_vec(),
    ]
    .concat();
    for value in [
        b"attachment; filename*=euc-kr'ko'%BF%AC%C2%F7.hwp; filename=\"x.hwp\"".to_vec(),
        b"attachment; filename*0*=UTF-8''%EC%97%B0; filename*1*=%EC%B0%A8; filename*2=.hwp"
            .to_vec(),
        b"attachment; filename=\"=?euc-kr?B?v6zC9y5od3A=?=\"".to_vec(),
        b"attachment; filename=\"=?euc-kr?B?v6zC?= =?euc-kr?B?9y5od3A=?=\"".to_vec(),
        raw,
    ] {
        assert_eq!(
            Value::read(&value).text("filename").as_deref(),
            Some("연차.hwp")
        );
    }
    let path = Value::read(br#"attachment; filename="C:\tmp\a;b \"c\".txt""#);
    assert_eq!(
        path.text("filename").as_deref(),
        Some(r#"C:\tmp\a;b "c".txt"#)
    );
}

#[test]
fn persons_are_told_apart() {
    let value = format!(
        "\"Kim, Mina\" <mina@a.kr>, =?euc-kr?B?{}?= <b@a.kr>, c@a.kr, Team: d@a.kr;",
        encoded(&cp949("박, 부장"))
    );
    assert_eq!(
        addresses(value.as_bytes()),
        [
            "Kim, Mina <mina@a.kr>",
            "박, 부장 <b@a.kr>",
            "c@a.kr",
            "Team: d@a.kr"
        ]
    );
}

#[test]
fn dates_keep_their_offset() {
    let date = |value: &str| split(format!("Date: {value}\n\n").as_bytes()).0.date();
    assert_eq!(
        date("Tue, 3 Mar 2026 09:05:00 +0900 (KST)").as_deref(),
        Some("2026-03-03T09:05:00+09:00")
    );
    assert_eq!(
        date("3 Mar 26 9:05:00 EST").as_deref(),
        Some("2026-03-03T09:05:00-05:00")
    );
    assert_eq!(
        date("3 Mar 2026 9:05:00 KST").as_deref(),
        Some("2026-03-03T09:05:00+09:00")
    );
    assert_eq!(date("어제").as_deref(), Some("어제"));
    assert_eq!(date(""), None);
}

#[test]
fn broken_encodings_lose_little() {
    assert_eq!(base64(b"v6zC*9y4=\n!!"), cp949("연차.").as_slice());
    assert_eq!(
        quoted_printable(b"a=3D=\nb =ZZ c= \r\nd=", false),
        b"a=b =ZZ cd"
    );
}

#[test]
fn parts_end_at_their_boundary() {
    let body = b"before\r\n--b\r\n\r\none\r\n--b\r\ntwo\r\n--bb\r\n--b--\r\nafter";
    assert_eq!(parts(body, "b"), [b"\r\none".as_slice(), b"two\r\n--bb"]);
    assert_eq!(parts(b"--b\none", "b"), [b"one"]);
    assert!(parts(body, "c").is_empty());
}

#[test]
fn marks_of_lines_that_go_on_are_looked_at_once() {
    let quoted = |body: &[u8]| encoding::quoted_printable(body, false);
    assert_eq!(quoted(b"a= \t\r\nb=\nc=x= d=  "), b"abc=x= d");
    let marks = b"=".repeat(2 << 20);
    assert_eq!(soon(|| quoted(&marks)).len(), marks.len() - 1);
}
