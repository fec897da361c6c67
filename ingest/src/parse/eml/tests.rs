use encoding_rs::EUC_KR;

use super::*;
use crate::Document;
use crate::parse::soon::soon;
use crate::parse::{Format, Passwords, parse as parse_any};

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn cp949(text: &str) -> Vec<u8> {
    EUC_KR.encode(text).0.into_owned()
}

fn read(message: &[u8]) -> Parsed {
    assert!(recognizes(message, "a.eml"));
    parse(message, &|_, _| {}).unwrap()
}

/// A message of these parts, each with its headers.
fn multipart(kind: &str, parts: &[&str]) -> String {
    let boundary = format!("=_{}", kind.replace(';', ""));
    let parts = parts.iter().fold(String::new(), |parts, part| {
        parts + &format!("--{boundary}\n{part}\n")
    });
    format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\n\n{parts}--{boundary}--\n")
}

fn message(rest: &str) -> Vec<u8> {
    format!("From: Kim <kim@a.kr>\nSubject: Leave\nMIME-Version: 1.0\n{rest}").into_bytes()
}

fn text(rest: &str) -> String {
    let document: Document = read(&message(rest)).document;
    document
        .text
        .strip_prefix("Leave\n\nFrom: Kim <kim@a.kr>\n\n")
        .unwrap_or_else(|| panic!("{}", document.text))
        .to_owned()
}

fn names(parsed: &Parsed) -> Vec<&str> {
    parsed
        .attachments
        .iter()
        .map(|file| file.name.as_str())
        .collect()
}

#[test]
fn korean_mail_in_euc_kr_is_read() {
    let mail = format!(
        "Received: from a by b; Tue, 3 Mar 2026 00:05:00 +0000\r\nFrom: =?EUC-KR?B?{}?= <mina@a.kr>\r\n\
         To: \"=?ks_c_5601-1987?B?{}?=\" <bu@a.kr>, hr@a.kr\r\nCc: c@a.kr\r\nSubject: =?euc-kr?B?{}?=\r\n\
         Date: Tue, 3 Mar 2026 09:05:00 +0900\r\nContent-Type: text/plain; charset=\"ks_c_5601-1987\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        base64(&cp949("김민아")),
        base64(&cp949("박 부장")),
        base64(&cp949("연차 문의")),
        base64(&cp949("연차는 15일입니다.\r\n\r\n감사합니다.")),
    );
    let parsed = read(mail.as_bytes());
    assert_eq!(parsed.document.title.as_deref(), Some("연차 문의"));
    assert_eq!(
        parsed.document.text,
        "연차 문의\n\n보낸 사람: 김민아 <mina@a.kr>\n\n받는 사람: 박 부장 <bu@a.kr>, hr@a.kr\n\n참조: c@a.kr\n\n날짜: 2026-03-03T09:05:00+09:00\n\n연차는 15일입니다.\n\n감사합니다."
    );
    assert_eq!(parsed.problems, []);
    let any = parse_any(mail.as_bytes(), "mail", &Passwords::default(), &|_, _| {}).unwrap();
    assert_eq!(any.format, Format::Eml);
}

#[test]
fn text_of_other_encodings_is_read() {
    let mut seven = b"\x1B$)C\n\x0E".to_vec();
    seven.extend(cp949("연차").iter().map(|byte| byte & 0x7F));
    let head = message("Content-Type: text/plain; charset=iso-2022-kr\n\n");
    let parsed = read(&[head, seven].concat());
    assert!(parsed.document.text.ends_with("\n\n연차"));
    // Nothing is said, and bytes of CP949 stand there.
    let head = b"From: a@a.kr\nTo: b@a.kr\nMessage-ID: <a>\nSubject: ".to_vec();
    let bare = [head, cp949("연차\n\n연차는 15일이다.")].concat();
    let parsed = read(&bare);
    assert_eq!(parsed.document.title.as_deref(), Some("연차"));
    assert!(parsed.document.text.ends_with("\n\n연차는 15일이다."));
    assert_eq!(
        text(
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nCaf=C3=A9 =\nx=3D1"
        ),
        "Café x=1"
    );
}

#[test]
fn of_two_versions_the_one_with_structure_is_read() {
    let table = "Content-Type: text/html\n\n<p>Prices:</p><table><tr><td>A</td><td>1</td></tr><tr><td>B</td><td>2</td></tr></table>";
    let plain = "Content-Type: text/plain\n\nPrices:\n\nA 1 B 2";
    assert_eq!(
        text(&multipart("alternative", &[plain, table])),
        "Prices:\n\nA\t1\nB\t2"
    );
    let flat = "Content-Type: text/html\n\n<div>Prices: A 1 B 2</div>";
    assert_eq!(
        text(&multipart("alternative", &[plain, flat])),
        "Prices:\n\nA 1 B 2"
    );
    // Apple's: files between pieces of HTML.
    let mixed = multipart(
        "mixed",
        &[
            "Content-Type: text/html\n\n<ul><li>One, and a good deal more of it</li></ul>",
            "Content-Type: application/pdf\nContent-Disposition: inline; filename=a.pdf\n\n%PDF-1.4",
            "Content-Type: text/html\n\n<p>Two</p>",
        ],
    );
    let parsed = read(&message(&multipart(
        "alternative",
        &["Content-Type: text/plain\n\nOne", &mixed],
    )));
    assert!(
        parsed
            .document
            .text
            .ends_with("Attachments: a.pdf\n\nOne, and a good deal more of it\n\nTwo")
    );
    assert_eq!(names(&parsed), ["a.pdf"]);
}

#[test]
fn attachments_are_files_and_not_what_belongs_to_the_text() {
    let inner = "From: b@a.kr\nSubject: =?utf-8?B?7Jew7LCoL+yhsA==?=\n\nInner";
    let parsed = read(&message(&multipart(
        "mixed",
        &[
            &multipart(
                "related",
                &[
                    "Content-Type: text/html\n\n<p>Text</p><img src=cid:1>",
                    "Content-Type: image/png; name=logo.png\nContent-ID: <1>\n\nx",
                    "Content-Type: image/gif\nContent-Disposition: inline; filename=t.gif\n\nx",
                ],
            ),
            "Content-Type: application/octet-stream\nContent-Disposition: attachment; filename*=euc-kr''%BF%AC%C2%F7.hwp\nContent-Transfer-Encoding: base64\n\nAAEC",
            "Content-Type: text/plain; name=\"../../notes.txt\"\nContent-Disposition: attachment\n\nNotes",
            "Content-Type: image/jpeg\nContent-Disposition: attachment; filename=scan.jpg\n\nx",
            "Content-Type: text/calendar\n\nBEGIN:VCALENDAR",
            "Content-Type: application/pkcs7-signature; name=smime.p7s\n\nx",
            "Content-Type: application/ms-tnef; name=winmail.dat\n\nx",
            &format!("Content-Type: message/rfc822\n\n{inner}"),
            "Content-Type: text/plain\n\nThe list's footer",
        ],
    )));
    assert_eq!(
        names(&parsed),
        ["연차.hwp", "notes.txt", "scan.jpg", "연차-조.eml"]
    );
    assert_eq!(parsed.attachments[0].bytes, [0, 1, 2]);
    assert_eq!(parsed.attachments[3].bytes, inner.as_bytes());
    assert!(
        parsed
            .document
            .text
            .ends_with("\n\nText\n\nThe list's footer")
    );
    assert_eq!(parsed.problems.len(), 1);
    assert!(parsed.problems[0].message.contains("winmail.dat"));
}

#[test]
fn encrypted_mail_says_so() {
    let pgp = multipart(
        "encrypted",
        &[
            "Content-Type: application/pgp-encrypted\n\nVersion: 1",
            "Content-Type: application/octet-stream\n\nx",
        ],
    );
    for rest in [
        pgp.as_str(),
        "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\nx",
        "Content-Type: application/x-microsoft-rpmsg-message; name=message.rpmsg\n\nx",
        "\n-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----",
    ] {
        let error = parse(&message(rest), &|_, _| {}).unwrap_err();
        assert!(matches!(error, ParseError::Encrypted { .. }), "{error:?}");
    }
    let parsed = read(&message(&multipart("mixed", &[&pgp, "\nreadable"])));
    assert!(parsed.document.text.ends_with("readable"));
    assert!(parsed.problems[0].message.contains("encrypted"));
}

#[test]
fn a_web_archive_is_a_page() {
    let archive = format!(
        "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://a.kr/\r\nSubject: =?utf-8?B?{}?=\r\nDate: Tue, 3 Mar 2026 09:05:00 +0900\r\nMIME-Version: 1.0\r\n{}",
        base64("휴가".as_bytes()),
        multipart(
            "related; type=text/html",
            &[
                "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<html><meta charset=3Dutf-8><title>=ED=9C=B4=EA=B0=80</title><h1>=EC=97=B0=EC=B0=A8</h1></html>",
                "Content-Type: image/png\n\nx",
                "Content-Type: text/css\n\nx",
            ],
        )
    );
    for name in ["a.mhtml", "page"] {
        let any = parse_any(archive.as_bytes(), name, &Passwords::default(), &|_, _| {}).unwrap();
        assert_eq!(any.format, Format::Mhtml);
        assert_eq!(any.document.text, "연차");
        assert_eq!(any.document.title.as_deref(), Some("휴가"));
        assert!(any.attachments.is_empty());
    }
    // Mail that is built the same way.
    let mail = message(&multipart(
        "related",
        &["Content-Type: text/html\n\n<p>x</p>"],
    ));
    let sent = [b"Message-ID: <a>\nTo: b@a.kr\n".to_vec(), mail].concat();
    assert_eq!(
        parse_any(&sent, "page", &Passwords::default(), &|_, _| {})
            .unwrap()
            .format,
        Format::Eml
    );
}

#[test]
fn what_only_looks_like_mail_is_text() {
    for (text, name) in [
        (
            "From: Kim\nTo: Park\nDate: Monday\nSubject: Leave\n\nText",
            "memo.txt",
        ),
        (
            "Note: this is not mail\nContent-Type: none\n\nText",
            "a.txt",
        ),
        (
            "From: a@a.kr\nTo: b@a.kr\nMessage-ID: <a>\nThis is a sentence.\n\nx",
            "a.txt",
        ),
        ("title: Leave\ndate: 2026\n\n# Leave", "a.md"),
    ] {
        let format = parse_any(text.as_bytes(), name, &Passwords::default(), &|_, _| {})
            .unwrap()
            .format;
        assert!(
            matches!(format, Format::Text | Format::Markdown),
            "{text}: {format:?}"
        );
    }
    let long = format!("X-A: {}\n", "x".repeat(60)).repeat(2_000);
    let mail = format!("Received: x\nReturn-Path: <a>\n{long}From: a@a.kr\n\nText");
    let any = parse_any(mail.as_bytes(), "mail", &Passwords::default(), &|_, _| {}).unwrap();
    assert_eq!(any.format, Format::Eml);
}

#[test]
fn parts_without_end_are_read() {
    let cut = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nText";
    assert_eq!(text(cut), "Text");
    assert_eq!(
        text("Content-Type: multipart/mixed; boundary=b\n\nText"),
        "Text"
    );
    assert_eq!(text("Content-Type: multipart/mixed\n\nText"), "Text");
}

#[test]
fn hostile_messages_cost_little() {
    soon(|| {
        let nested = (0..100_000).fold(String::new(), |nested, depth| {
            nested + &format!("Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n")
        });
        let parsed = read(&message(&nested));
        assert!(parsed.problems[0].message.contains("30 parts deep"));
        let messages = "Content-Type: message/rfc822\n\n".repeat(100_000);
        assert_eq!(read(&message(&messages)).attachments.len(), 1);
        // Each looks for a boundary that never comes.
        let lost = "--b\nContent-Type: multipart/mixed; boundary=c\n\nx\n".repeat(100_000);
        let lost = format!("Content-Type: multipart/mixed; boundary=b\n\n{lost}");
        let parsed = read(&message(&lost));
        assert!(
            parsed
                .problems
                .iter()
                .any(|problem| problem.message.contains("10000 parts"))
        );
        for (head, filler) in [
            ("Subject: ", "=?a?b?"),
            ("To: ", "a,"),
            ("To: ", "(\""),
            ("Content-Type: text/plain", "; a*0*=%"),
            ("", "X-A: b\n"),
            ("Subject: a\n", " b\n"),
        ] {
            let mail = format!(
                "From: a@a.kr\nMessage-ID: <a>\n{head}{}\n\nText",
                filler.repeat(200_000)
            );
            let _ = parse(mail.as_bytes(), &|_, _| {});
        }
    });
}

#[test]
fn who_sent_it_and_when_is_known() {
    let properties = |head: &str| {
        let mail = format!("{head}Message-ID: <a@a.kr>\r\nSubject: a\r\n\r\nText");
        read(mail.as_bytes()).document.properties
    };
    let name = base64("김민아".as_bytes());
    assert_eq!(
        properties(&format!(
            "From: =?utf-8?B?{name}?= <mina@a.kr>, Lee <lee@a.kr>\r\nDate: Tue, 31 Mar 2026 00:05:00 +0900\r\n"
        )),
        crate::Properties::said(["김민아 <mina@a.kr>, Lee <lee@a.kr>"], "2026-03-31", "")
    );
    let hostile = format!(
        "From: {}\r\nDate: Tue, 31 Feb 2026 99:99:99\r\n",
        "\u{202E}a <a@a.kr>,".repeat(10_000)
    );
    let hostile = properties(&hostile);
    assert_eq!(
        (hostile.author.as_deref(), hostile.created),
        (Some("a <a@a.kr>"), None)
    );
}

#[test]
fn a_saved_page_was_written_by_its_author_and_not_by_a_browser() {
    let properties = |page: &str| {
        let archive = format!(
            "From: <Saved by Blink>\r\nDate: Tue, 3 Mar 2026 09:05:00 +0900\r\nMIME-Version: 1.0\r\n{}",
            multipart(
                "related; type=text/html",
                &[&format!("Content-Type: text/html; charset=utf-8\n\n{page}")]
            )
        );
        let parsed = parse_web_archive(archive.as_bytes(), &|_, _| {}).unwrap();
        parsed.document.properties
    };
    assert_eq!(
        properties("<p>a</p>"),
        crate::Properties::said([""], "2026-03-03", "")
    );
    assert_eq!(
        properties(
            "<meta name=author content=김민아><meta property=article:published_time content=2025-01-31T09:00:00+09:00><p>a</p>"
        ),
        crate::Properties::said(["김민아"], "2025-01-31", "")
    );
}
