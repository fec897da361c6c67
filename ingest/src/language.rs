//! Which language a text is in, where it is sure.
//!
//! Korean is known by its letters: a text in which a real share of the sentences is Korean is
//! Korean, however much English stands between them, since names, code and tables of Korean
//! documents are often English. Other languages are guessed by their trigrams.

use whatlang::Lang;

use crate::sentence;

/// Places of a text that are looked at, and bytes at each.
const PLACES: usize = 8;
const PLACE: usize = 2_000;
/// Letters that a sentence has at least: shorter ones are names, numbers and signs.
const MIN_SENTENCE: usize = 4;
/// One of so many sentences is Korean in a Korean text.
const SHARE: usize = 4;
/// What letters of all sentences weigh at least.
const MIN_TEXT: usize = 60;
/// The same in a language that few documents are in, and lists of signs are often taken for.
const MIN_RARE: usize = 300;
/// What the letters of a part weigh at least, for it to have a say of its own.
const MIN_PART: usize = 150;
/// What a syllable of Korean or a letter of Chinese weighs: it says as much as these many
/// Latin letters.
const SYLLABLE: usize = 3;

/// The language of a text: BCP 47, such as `ko`.
pub(crate) fn of(text: &str) -> Option<&'static str> {
    let (mut korean, mut korean_weight) = (0, 0);
    let (mut others, mut others_weight) = (Vec::new(), 0);
    for place in places(text) {
        for line in place.split('\n') {
            for span in sentence::split(line) {
                let sentence = &line[span];
                let letters = Letters::of(sentence);
                let weight = letters.hangul + letters.others;
                if weight < MIN_SENTENCE {
                    continue;
                }
                // Korean words stand between English ones only in a Korean sentence.
                if letters.hangul * 2 >= letters.others {
                    korean += 1;
                    korean_weight += weight;
                } else {
                    others.push((sentence, weight));
                    others_weight += weight;
                }
            }
        }
    }
    if korean_weight >= MIN_TEXT && korean * SHARE >= korean + others.len() {
        return Some("ko");
    }
    if others_weight < MIN_TEXT {
        return None;
    }
    let whole: Vec<&str> = others.iter().map(|(sentence, _)| *sentence).collect();
    let found = whatlang::detect(&whole.join("\n")).filter(whatlang::Info::is_reliable)?;
    if is_rare(found.lang()) && others_weight < MIN_RARE {
        return None;
    }
    agree(&others, others_weight, found.lang()).then(|| code(found.lang()))
}

/// Pieces of a text: all of a short one.
fn places(text: &str) -> Vec<&str> {
    if text.len() <= PLACES * PLACE {
        return vec![text];
    }
    (0..PLACES)
        .map(|number| {
            let start = text.floor_char_boundary(text.len() / PLACES * number);
            &text[start..text.floor_char_boundary(start + PLACE)]
        })
        .collect()
}

/// Whether most parts of a text are in the language that the whole is in: tables of names, and
/// text whose letters came out wrong, look like one language as a whole and like others in parts.
fn agree(sentences: &[(&str, usize)], weight: usize, language: Lang) -> bool {
    let least = (weight / PLACES).max(MIN_PART);
    let (mut part, mut part_weight) = (String::new(), 0);
    let (mut agree, mut all) = (0, 0);
    for (sentence, weight) in sentences {
        part.push_str(sentence);
        part.push('\n');
        part_weight += weight;
        if part_weight >= least {
            all += 1;
            agree += usize::from(whatlang::detect_lang(&part) == Some(language));
            part.clear();
            part_weight = 0;
        }
    }
    agree * 3 >= all * 2
}

/// What the letters of a sentence weigh.
#[derive(Clone, Copy, Debug, Default)]
struct Letters {
    hangul: usize,
    others: usize,
}

impl Letters {
    fn of(sentence: &str) -> Self {
        let mut letters = Self::default();
        for char in sentence.chars().filter(|char| char.is_alphabetic()) {
            match char {
                '가'..='힣' | 'ㄱ'..='ㆎ' | '\u{1100}'..='\u{11FF}' => {
                    letters.hangul += SYLLABLE;
                }
                // Letters as wide as those of Chinese.
                '\u{FF21}'..='\u{FF5A}' => letters.others += 1,
                '\u{2E80}'.. => letters.others += SYLLABLE,
                _ => letters.others += 1,
            }
        }
        letters
    }
}

fn is_rare(language: Lang) -> bool {
    matches!(
        language,
        Lang::Afr
            | Lang::Aka
            | Lang::Aze
            | Lang::Cym
            | Lang::Epo
            | Lang::Jav
            | Lang::Lat
            | Lang::Sna
            | Lang::Tgl
            | Lang::Tuk
            | Lang::Uzb
            | Lang::Zul
    )
}

/// The shortest code that a language has.
fn code(language: Lang) -> &'static str {
    match language {
        Lang::Epo => "eo",
        Lang::Eng => "en",
        Lang::Rus => "ru",
        Lang::Cmn => "zh",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Ben => "bn",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Ukr => "uk",
        Lang::Kat => "ka",
        Lang::Ara => "ar",
        Lang::Hin => "hi",
        Lang::Jpn => "ja",
        Lang::Heb => "he",
        Lang::Yid => "yi",
        Lang::Pol => "pl",
        Lang::Amh => "am",
        Lang::Jav => "jv",
        Lang::Kor => "ko",
        Lang::Nob => "nb",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Fin => "fi",
        Lang::Tur => "tr",
        Lang::Nld => "nl",
        Lang::Hun => "hu",
        Lang::Ces => "cs",
        Lang::Ell => "el",
        Lang::Bul => "bg",
        Lang::Bel => "be",
        Lang::Mar => "mr",
        Lang::Kan => "kn",
        Lang::Ron => "ro",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        Lang::Tam => "ta",
        Lang::Vie => "vi",
        Lang::Urd => "ur",
        Lang::Tha => "th",
        Lang::Guj => "gu",
        Lang::Uzb => "uz",
        Lang::Pan => "pa",
        Lang::Aze => "az",
        Lang::Ind => "id",
        Lang::Tel => "te",
        Lang::Pes => "fa",
        Lang::Mal => "ml",
        Lang::Ori => "or",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Sin => "si",
        Lang::Khm => "km",
        Lang::Tuk => "tk",
        Lang::Aka => "ak",
        Lang::Zul => "zu",
        Lang::Sna => "sn",
        Lang::Afr => "af",
        Lang::Lat => "la",
        Lang::Slk => "sk",
        Lang::Cat => "ca",
        Lang::Tgl => "tl",
        Lang::Hye => "hy",
        Lang::Cym => "cy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KOREAN: &str =
        "연차 휴가는 한 해에 열다섯 날이다. 쓰지 못한 휴가는 이듬해 3월까지 쓸 수 있다.";
    const ENGLISH: &str = "Annual leave is fifteen days in a full year. What was not taken may be taken until \
        the end of March of the next year, unless the head of the department has agreed to something else.";

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(of(text).unwrap_or("none"), expected, "{text}");
    }

    #[test]
    fn languages_are_known_by_their_text() {
        check(KOREAN, "ko");
        check(ENGLISH, "en");
        check(
            "年次有給休暇は一年につき十五日とする。使わなかった休暇は翌年の三月末まで使うことができる。",
            "ja",
        );
        check(
            "每年的年假为十五天。未休完的假期可以在次年三月底之前使用，部门主管另有约定的除外。",
            "zh",
        );
        check(
            "Der Jahresurlaub beträgt fünfzehn Tage. Was nicht genommen wurde, kann bis Ende März des nächsten \
             Jahres genommen werden, sofern nichts anderes vereinbart ist.",
            "de",
        );
        check(
            "Ежегодный отпуск составляет пятнадцать дней. Неиспользованный отпуск можно взять до конца марта.",
            "ru",
        );
    }

    #[test]
    fn korean_with_english_in_it_is_korean() {
        // By letters alone it would be English.
        check(&format!("{ENGLISH}\n\n{KOREAN}"), "ko");
        check(
            "API Gateway의 timeout 설정은 30초다. Kubernetes Ingress에서 connection reset이 나면 retry를 켠다.",
            "ko",
        );
        let one_in_ten = format!(
            "{}\n\n연차는 열다섯 날이다.",
            format!("{ENGLISH}\n\n").repeat(5)
        );
        check(&one_in_ten, "en");
    }

    #[test]
    fn every_part_of_a_long_text_counts() {
        let long = format!(
            "{}{}",
            format!("{ENGLISH}\n\n").repeat(300),
            format!("{KOREAN}\n\n").repeat(600)
        );
        check(&long, "ko");
        let long = format!(
            "{}{}",
            format!("{KOREAN}\n\n").repeat(20),
            format!("{ENGLISH}\n\n").repeat(3000)
        );
        check(&long, "en");
    }

    #[test]
    fn what_leaves_it_open_is_none() {
        check("", "none");
        check("연차", "none");
        check("Total", "none");
        check("蒭鍍伴俘緌鍍伴俘勢渡袱糫", "none");
        check(
            "tuvwxz “” ¢£¤¥§¨©ª«¬ ÀÁÂÃÄÅÆÈÉÊËÌ Ñ Õ Ö × Ú Û Ü Ý Þ ß ä å æ è é ë ì î ðöøü abcdefghijklmnop",
            "none",
        );
        check(&"1,234.56\t7,890\n".repeat(500), "none");
        check(&"PPR-9087 KX-12\t418,000\n".repeat(2), "none");
        check(&"!?\u{FFFD}\u{202E}".repeat(5_000), "none");
        check(&"xq zvk wjq kqz pfx jjv qqx ".repeat(200), "none");
    }

    #[test]
    fn it_is_read_from_the_text_and_not_from_what_a_file_claims() {
        let rows =
            "품목,단가,비고\n의자,418000,사무실에서 쓰는 의자\n책상,520000,회의실에서 쓰는 책상\n"
                .repeat(2);
        let page =
            format!("<!doctype html><html lang=en><meta name=language content=en><p>{KOREAN}");
        for (bytes, name, expected) in [
            (KOREAN, "a.txt", Some("ko")),
            (ENGLISH, "a.txt", Some("en")),
            (&rows, "a.csv", Some("ko")),
            (&page, "a.html", Some("ko")),
            ("15", "a.txt", None),
        ] {
            let found = crate::parse::parse(
                bytes.as_bytes(),
                name,
                &crate::parse::Passwords::default(),
                &|_, _| {},
            )
            .unwrap();
            let language = found.document.properties.language;
            assert_eq!(language.as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn text_that_was_read_from_pictures_counts() {
        let rect = crate::Rect {
            x0: 0.0,
            y0: 0.0,
            x1: 1.0,
            y1: 1.0,
        };
        let words = KOREAN.split(' ').map(|word| crate::PlacedWord {
            text: word.to_owned(),
            rect,
            joins: false,
        });
        let page = crate::ocr::RecognizedPage {
            number: 1,
            width: 100.0,
            height: 100.0,
            paragraphs: vec![words.collect()],
        };
        let mut scan = crate::Document::default();
        scan.properties.author = Some("김민아".to_owned());
        let document = crate::ocr::append(scan, &[page]);
        assert_eq!(document.properties.language.as_deref(), Some("ko"));
        assert_eq!(document.properties.author.as_deref(), Some("김민아"));
    }

    #[test]
    fn languages_have_codes_of_two_letters() {
        for lang in Lang::all() {
            assert_eq!(code(*lang).len(), 2, "{lang:?}");
        }
        let mut codes: Vec<&str> = Lang::all().iter().map(|lang| code(*lang)).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Lang::all().len());
    }

    #[test]
    fn a_long_line_takes_no_longer_than_its_sample() {
        check(&"가".repeat(20 << 20), "ko");
    }
}
