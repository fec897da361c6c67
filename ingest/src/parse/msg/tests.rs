use encoding_rs::EUC_KR;

use super::*;
use crate::parse::{Format, Passwords, parse as parse_any};

type File = CompoundFile<Cursor<Vec<u8>>>;

/// A storage of a message that is being made.
struct Storage {
    path: PathBuf,
    header: usize,
    properties: Vec<u8>,
}

impl Storage {
    fn new(file: &mut File, path: &str, header: usize) -> Self {
        if path != "/" {
            file.create_storage_all(path).unwrap();
        }
        Self {
            path: PathBuf::from(path),
            header,
            properties: Vec::new(),
        }
    }

    fn value(self, file: &mut File, tag: &str, bytes: &[u8]) -> Self {
        let path = self.path.join(format!("__substg1.0_{tag}"));
        let mut stream = file.create_stream(path).unwrap();
        stream.write_all(bytes).unwrap();
        self
    }

    fn text(self, file: &mut File, id: &str, text: &str) -> Self {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        self.value(file, &format!("{id}001F"), &bytes)
    }

    fn number(mut self, id: u16, value: u64) -> Self {
        self.properties.extend(3_u16.to_le_bytes());
        self.properties.extend(id.to_le_bytes());
        self.properties.extend([0; 4]);
        self.properties.extend(value.to_le_bytes());
        self
    }

    fn end(self, file: &mut File) {
        let path = self.path.join(PROPERTIES);
        let mut stream = file.create_stream(path).unwrap();
        stream.write_all(&vec![0; self.header]).unwrap();
        stream.write_all(&self.properties).unwrap();
    }
}

fn message(fill: impl Fn(&mut File, Storage) -> Storage) -> Vec<u8> {
    let mut file = CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    let root = Storage::new(&mut file, "/", 32).number(0x0017, 1);
    let root = fill(&mut file, root);
    root.end(&mut file);
    file.flush().unwrap();
    file.into_inner().into_inner()
}

fn read(bytes: &[u8]) -> Parsed {
    assert!(recognizes(bytes, "a.msg"));
    parse(bytes, &|_, _| {}).unwrap()
}

fn attach(file: &mut File, number: u32) -> Storage {
    Storage::new(file, &format!("/__attach_version1.0_#{number:08X}"), 8)
}

/// 2026-03-03 00:05:00 in UTC.
const TIME: u64 = (1_772_496_300 + 11_644_473_600) * 10_000_000;

#[test]
fn a_korean_message_is_read() {
    let bytes = message(|file, root| {
        for (number, name, address, kind) in [
            (0, "박 부장", "bu@a.kr", 1),
            (1, "'c@a.kr'", "c@a.kr", 2),
            (2, "Hidden", "h@a.kr", 3),
        ] {
            Storage::new(file, &format!("/__recip_version1.0_#{number:08X}"), 8)
                .number(0x0C15, kind)
                .text(file, "3001", name)
                .text(file, "39FE", address)
                .end(file);
        }
        attach(file, 0)
            .text(file, "3704", "YUNCHA~1.HWP")
            .text(file, "3707", "연차.hwp")
            .value(file, "37010102", b"hwp")
            .end(file);
        attach(file, 1)
            .text(file, "3707", "image001.png")
            .text(file, "3712", "image001@1")
            .value(file, "37010102", b"png")
            .end(file);
        root.text(file, "0037", "연차 문의")
            .text(file, "0C1A", "김민아")
            .text(file, "0C1F", "/O=EXCHANGE/CN=MINA")
            .text(file, "5D01", "mina@a.kr")
            .text(file, "1000", "연차는 15일입니다.\r\n\r\n> 며칠인가요?")
            .number(0x0039, TIME)
    });
    let parsed = read(&bytes);
    assert_eq!(
        parsed.document.text,
        "연차 문의\n\n보낸 사람: 김민아 <mina@a.kr>\n\n받는 사람: 박 부장 <bu@a.kr>\n\n참조: c@a.kr\n\n날짜: 2026-03-03T00:05:00+00:00\n\n첨부 파일: 연차.hwp\n\n연차는 15일입니다.\n\n> 며칠인가요?"
    );
    assert_eq!(parsed.document.title.as_deref(), Some("연차 문의"));
    assert_eq!(
        parsed.document.properties,
        crate::Properties::said(["김민아 <mina@a.kr>"], "2026-03-03", "")
    );
    assert_eq!(parsed.problems, []);
    assert_eq!(parsed.attachments.len(), 1);
    assert_eq!(parsed.attachments[0].bytes, b"hwp");
    let any = parse_any(&bytes, "mail", &Passwords::default(), &|_, _| {}).unwrap();
    assert_eq!(any.format, Format::Msg);
}

#[test]
fn old_messages_are_read_in_their_codepage() {
    for codepage in [Some(949), None] {
        let bytes = message(|file, root| {
            let root = root
                .value(file, "0037001E", &EUC_KR.encode("연차 문의").0)
                .value(file, "1000001E", &EUC_KR.encode("연차는 15일입니다.").0);
            match codepage {
                Some(codepage) => root.number(0x3FFD, codepage),
                None => root,
            }
        });
        assert_eq!(
            read(&bytes).document.text,
            "연차 문의\n\n연차는 15일입니다."
        );
    }
}

#[test]
fn html_is_read_in_its_codepage_and_out_of_rtf() {
    let page =
        "<p>품목</p><table><tr><td>가</td><td>1</td></tr><tr><td>나</td><td>2</td></tr></table>";
    let html = message(|file, root| {
        root.value(file, "10130102", &EUC_KR.encode(page).0)
            .number(0x3FDE, 949)
            .text(file, "1000", "품목\n가 1\n나 2")
    });
    assert_eq!(read(&html).document.text, "품목\n\n가\t1\n나\t2");
    let rtf = |text: &str| {
        let mut bytes = vec![0; 4];
        bytes.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        bytes.extend(b"MELA");
        bytes.extend([0; 4]);
        bytes.extend(text.as_bytes());
        message(|file, root| root.value(file, "10090102", &bytes))
    };
    let wrapped = r"{\rtf1\ansi\ansicpg949\fromhtml1 {\*\htmltag64 <h2>}\htmlrtf \b \htmlrtf0 \'b0\'a1{\*\htmltag72 </h2>}}";
    let document = read(&rtf(wrapped)).document;
    assert_eq!(document.text, "가");
    assert_eq!(
        document.blocks[0].kind,
        crate::BlockKind::Heading { level: 2 }
    );
    assert_eq!(
        read(&rtf(r"{\rtf1\ansi\ansicpg949 \'b0\'a1\par b}"))
            .document
            .text,
        "가\n\nb"
    );
}

#[test]
fn the_senders_clock_is_that_of_the_headers() {
    let bytes = message(|file, root| {
        root.text(
            file,
            "007D",
            "Received: x\r\nFrom: =?euc-kr?B?sei5zr7G?= <mina@a.kr>\r\nTo: b@a.kr\r\nDate: Tue, 3 Mar 2026 09:05:00 +0900\r\n\r\n",
        )
        .text(file, "0C1A", "Mina")
        .text(file, "0C1F", "/O=EXCHANGE")
        .number(0x0E06, TIME)
    });
    assert_eq!(
        read(&bytes).document.text,
        "보낸 사람: 김민아 <mina@a.kr>\n\n받는 사람: b@a.kr\n\n날짜: 2026-03-03T09:05:00+09:00"
    );
}

#[test]
fn an_attached_message_is_a_message_again() {
    let bytes = message(|file, root| {
        let inner = "/__attach_version1.0_#00000000/__substg1.0_3701000D";
        let deeper = format!("{inner}/__attach_version1.0_#00000000");
        attach(file, 0)
            .text(file, "3001", "x")
            .number(0x3705, 5)
            .end(file);
        Storage::new(file, inner, 24)
            .text(file, "0037", "안/쪽")
            .text(file, "1000", "안쪽 글")
            .number(0x0039, TIME)
            .end(file);
        Storage::new(file, &deeper, 8)
            .text(file, "3707", "a.txt")
            .value(file, "37010102", b"a")
            .end(file);
        Storage::new(file, "/__nameid_version1.0", 0).value(file, "00020102", b"n");
        // An object of another program.
        attach(file, 1).number(0x3705, 6).end(file);
        file.create_storage_all("/__attach_version1.0_#00000001/__substg1.0_3701000D")
            .unwrap();
        root.text(file, "0037", "Outer")
    });
    let parsed = read(&bytes);
    assert_eq!(parsed.attachments[0].name, "안-쪽.msg");
    assert_eq!(
        parsed.problems[0].message,
        "1 object embedded in its text was not read"
    );
    let inner = read(&parsed.attachments[0].bytes);
    assert_eq!(
        inner.document.text,
        "안/쪽\n\n날짜: 2026-03-03T00:05:00+00:00\n\n첨부 파일: a.txt\n\n안쪽 글"
    );
    assert_eq!(inner.attachments[0].bytes, b"a");
    let file = CompoundFile::open_strict(Cursor::new(&parsed.attachments[0].bytes[..])).unwrap();
    assert!(file.is_stream("/__nameid_version1.0/__substg1.0_00020102"));
}

#[test]
fn encrypted_and_signed_messages_say_so() {
    let secure = |class: &'static str, kind: &'static str| {
        message(move |file, root| {
            attach(file, 0)
                .text(file, "3707", "smime.p7m")
                .text(file, "370E", kind)
                .value(file, "37010102", b"Content-Type: multipart/signed\n\nx")
                .end(file);
            root.text(file, "001A", class).text(file, "0037", "Leave")
        })
    };
    let error = parse(
        &secure("IPM.Note.SMIME", "application/pkcs7-mime"),
        &|_, _| {},
    );
    assert!(
        matches!(error, Err(ParseError::Encrypted { .. })),
        "{error:?}"
    );
    let signed = read(&secure(
        "IPM.Note.SMIME.MultipartSigned",
        "multipart/signed",
    ));
    assert_eq!(signed.attachments[0].name, "Leave.eml");
}

#[test]
fn damage_is_said() {
    let bytes = message(|file, root| root.text(file, "1000", &"연차 ".repeat(5_000)));
    for cut in (0..bytes.len()).step_by(512) {
        // Neither a hang nor a panic, whatever is missing.
        if recognizes(&bytes[..cut], "a.msg") {
            let _ = parse(&bytes[..cut], &|_, _| {});
        }
    }
    for at in (0..bytes.len().min(20_000)).step_by(101) {
        let mut broken = bytes.clone();
        broken[at] ^= 0x55;
        if recognizes(&broken, "a.msg") {
            let _ = parse(&broken, &|_, _| {});
        }
    }
    let mut file = CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    file.create_stream(PROPERTIES).unwrap();
    file.flush().unwrap();
    let empty = file.into_inner().into_inner();
    assert!(matches!(
        parse(&empty, &|_, _| {}),
        Err(ParseError::Damaged { .. })
    ));
}
