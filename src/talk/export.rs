//! A conversation as Markdown, with numbered citations.

use std::fmt::Write as _;

use serde_json::Value;

use super::recheck::ShownTurn;
use super::types::{Conversation, TurnState};
use crate::language::Language;

/// The conversation as Markdown. Nothing of it is markup of ours but what stands around the
/// texts: what documents and people wrote is escaped.
pub(crate) fn markdown(
    conversation: &Conversation,
    turns: &[ShownTurn],
    language: Language,
) -> String {
    let ko = language == Language::Ko;
    let mut text = format!("# {}\n", escaped(&conversation.title));
    let mut number = 0_usize;
    for turn in turns {
        let _ = write!(text, "\n## {}\n\n", escaped(&turn.question));
        let _ = writeln!(text, "{}  ", turn.created.strftime("%Y-%m-%d %H:%M UTC"));
        if let Some(searched) = &turn.searched_for {
            let words = if ko {
                "이 질문으로 검색했습니다"
            } else {
                "Searched for"
            };
            let _ = writeln!(text, "{words}: {}", escaped(searched));
        }
        text.push('\n');
        let mut notes = String::new();
        let claims = turn
            .answer
            .as_ref()
            .and_then(|answer| answer["claims"].as_array());
        for claim in claims.into_iter().flatten() {
            text.push_str(&escaped(claim["text"].as_str().unwrap_or_default()));
            if let Some(mark) = mark(claim["verdict"].as_str().unwrap_or_default(), ko) {
                let _ = write!(text, " ({mark})");
            }
            for citation in claim["citations"].as_array().into_iter().flatten() {
                number += 1;
                let _ = write!(text, " \\[{number}\\]");
                let _ = writeln!(notes, "- \\[{number}\\] {}", source(citation, ko));
            }
            text.push('\n');
        }
        if let Some(message) = turn
            .answer
            .as_ref()
            .and_then(|answer| answer["message"].as_str())
        {
            let _ = writeln!(text, "{}", escaped(message));
        }
        let state = match (turn.state, ko) {
            (TurnState::Done, _) => None,
            (TurnState::Running, true) => Some("답하는 중입니다."),
            (TurnState::Running, false) => Some("Being answered."),
            (TurnState::Stopped, true) => Some("답이 중간에 멈췄습니다."),
            (TurnState::Stopped, false) => Some("The answer was stopped."),
            (TurnState::Failed, true) => Some("답하지 못했습니다."),
            (TurnState::Failed, false) => Some("There is no answer: it failed."),
        };
        for note in turn
            .answer
            .iter()
            .flat_map(|answer| beside(answer, ko))
            .chain(state.map(str::to_owned))
            .chain(turn.hidden.words(language))
        {
            let _ = write!(text, "\n> {note}\n");
        }
        if !notes.is_empty() {
            let _ = write!(text, "\n{notes}");
        }
    }
    text
}

/// What the page says beside the sentences: that documents differ, that sentences were withheld, and
/// that the answer ends early.
fn beside(answer: &Value, ko: bool) -> Vec<String> {
    let conflicts = answer["conflicts"].as_array().into_iter().flatten();
    let words = conflicts.filter_map(|conflict| conflict["words"].as_str());
    let mut said: Vec<String> = words.map(escaped).collect();
    let withheld = answer["withheld"]["count"].as_u64().unwrap_or_default();
    if withheld > 0 {
        said.push(if ko {
            format!("문서로 뒷받침되지 않은 {withheld}문장은 보이지 않았습니다.")
        } else {
            format!("Sentences that the documents do not support were withheld: {withheld}.")
        });
    }
    if answer["truncated"].as_bool().unwrap_or_default() {
        let words = if ko {
            "답이 끝까지 쓰이지 않았습니다."
        } else {
            "The answer was not written to its end."
        };
        said.push(words.to_owned());
    }
    said
}

/// A sentence that the documents do not support is marked as it was on the page.
fn mark(verdict: &str, ko: bool) -> Option<&'static str> {
    Some(match (verdict, ko) {
        ("partial", true) => "일부만 확인됨",
        ("partial", false) => "partly supported",
        ("contradicted", true) => "문서와 다름",
        ("contradicted", false) => "contradicted",
        ("unsupported", true) => "근거 없음",
        ("unsupported", false) => "not in the documents",
        ("unverified", true) => "확인하지 못함",
        ("unverified", false) => "unverified",
        _ => return None,
    })
}

/// Document, version, page and quote.
fn source(citation: &Value, ko: bool) -> String {
    let text = |name: &str| citation[name].as_str().unwrap_or_default();
    let mut parts = vec![escaped(text("title"))];
    let file_name = text("file_name");
    if file_name != text("title") {
        parts.push(escaped(file_name));
    }
    let version: String = text("version").chars().take(12).collect();
    parts.push(if ko {
        format!("버전 {version}")
    } else {
        format!("version {version}")
    });
    if let Some(page) = citation["page"].as_u64() {
        parts.push(if ko {
            format!("{page}쪽")
        } else {
            format!("page {page}")
        });
    } else if let Some(paragraph) = citation["paragraph"].as_u64() {
        parts.push(if ko {
            format!("{paragraph}번째 문단")
        } else {
            format!("paragraph {paragraph}")
        });
    }
    format!("{}: “{}”", parts.join(", "), escaped(text("quote")))
}

/// Text that Markdown shows as it is, on one line.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
    {
        if char.is_ascii_punctuation() && !",.:;?%/'\"".contains(char) {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    // A number and a point at the start would begin a list.
    let digits = escaped.chars().take_while(char::is_ascii_digit).count();
    if digits > 0 && escaped[digits..].starts_with('.') {
        escaped.insert(digits, '\\');
    }
    escaped
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::talk::Hidden;

    fn turn(answer: Value) -> ShownTurn {
        ShownTurn {
            id: "t".to_owned(),
            question: "그럼 2년차는?".to_owned(),
            searched_for: Some("2년차 연차는 며칠인가요?".to_owned()),
            filter: json!({}),
            state: TurnState::Done,
            answer: Some(answer),
            hidden: Hidden {
                closed: 1,
                deleted: 0,
            },
            suggestions: Vec::new(),
            created: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn citations_are_numbered_through_and_name_version_page_and_quote() {
        let claim = |text: &str| {
            json!({
                "text": text, "verdict": "supported",
                "citations": [{
                    "title": "휴가 규정", "file_name": "leave.pdf", "version": "0123456789abcdef",
                    "page": 3, "quote": "최대 11일이다.",
                }],
            })
        };
        let turns = [
            turn(json!({"claims": [claim("11일이다."), claim("그렇다.")]})),
            turn(json!({
                "claims": [claim("또 11일이다.")], "withheld": {"count": 2, "reasons": []},
                "conflicts": [{"words": "11일과 12일로 *다릅니다*.", "sides": []}],
            })),
        ];
        let conversation = Conversation {
            id: "c".to_owned(),
            title: "# <b>연차</b>".to_owned(),
            created: Timestamp::UNIX_EPOCH,
            updated: Timestamp::UNIX_EPOCH,
            turns: 2,
        };
        let text = markdown(&conversation, &turns, Language::Ko);
        assert!(text.starts_with("# \\# \\<b\\>연차\\</b\\>\n"), "{text}");
        assert!(text.contains("또 11일이다. \\[3\\]"), "{text}");
        assert!(
            text.contains(
                "- \\[3\\] 휴가 규정, leave.pdf, 버전 0123456789ab, 3쪽: “최대 11일이다.”"
            ),
            "{text}"
        );
        assert!(text.contains("이 질문으로 검색했습니다: 2년차 연차는 며칠인가요?"));
        assert!(text.contains("> 1문장은"), "what went is told of");
        assert!(
            text.contains("> 11일과 12일로 \\*다릅니다\\*.") && text.contains("2문장은 보이지"),
            "{text}"
        );
    }

    #[test]
    fn nothing_that_others_wrote_is_markup() {
        for hostile in [
            "[x](javascript:y)",
            "![x](http://y)",
            "`a` *b* _c_",
            "1. one",
            "> q",
            "- i",
            "a\n# b",
        ] {
            let text = escaped(hostile);
            for markup in ["](", "![", " *", "`a", "> q", "- i", "\n"] {
                assert!(!text.starts_with(markup) && !text.contains("]("), "{text}");
            }
        }
        assert_eq!(escaped("1. one"), "1\\. one");
    }
}
