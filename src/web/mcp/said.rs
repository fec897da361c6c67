//! What tools say, for models that read text. Programs read the whole of it beside the text.

use std::fmt::Write as _;

use crate::language::Language;
use crate::web::wire::{
    AnswerBody, CheckTextBody, CitationBody, FoundBody, ReasonBody, SearchBody, Verdict,
};

/// The passages, each under its number and source.
pub(super) fn found(body: &SearchBody, language: Language) -> String {
    if body.passages.is_empty() {
        return match language {
            Language::Ko => "볼 수 있는 문서에서 찾은 구절이 없습니다.",
            Language::En => "No passage was found in the documents that you may read.",
        }
        .to_owned();
    }
    let mut text = String::new();
    for passage in &body.passages {
        let FoundBody {
            number,
            title,
            document,
            version,
            quote,
            url,
            ..
        } = passage;
        let page = page(passage.page, language);
        // A string takes all that is written to it.
        let _ = write!(
            text,
            "[{number}] {title}{page}\n{quote}\n(document {document}, version {version}, {url})\n\n"
        );
    }
    text.trim_end().to_owned()
}

/// The sentences with the numbers of what they cite, then the sources.
pub(super) fn answer(body: &AnswerBody, language: Language) -> String {
    let mut text = body.message.clone().unwrap_or_default();
    for claim in &body.claims {
        let numbers: String = numbers(claim.citations.iter().map(|citation| citation.number));
        let mark = match claim.verdict {
            Verdict::Supported | Verdict::NotCheckable => String::new(),
            verdict => format!(" ({})", named(verdict, language)),
        };
        let _ = writeln!(text, "{}{numbers}{mark}", claim.text);
    }
    if body.withheld.count > 0 {
        let count = body.withheld.count;
        let _ = match language {
            Language::Ko => writeln!(
                text,
                "\n문서로 뒷받침되지 않은 {count}문장은 보이지 않았습니다."
            ),
            Language::En => writeln!(
                text,
                "\n{count} sentence(s) that the documents do not support were withheld."
            ),
        };
    }
    for conflict in &body.conflicts {
        let _ = writeln!(text, "\n{}", conflict.words);
    }
    let cited = body.claims.iter().flat_map(|claim| &claim.citations);
    sources(&mut text, cited, language);
    text.trim_end().to_owned()
}

/// Each sentence with its verdict, why, and by which words.
pub(super) fn checked(body: &CheckTextBody, language: Language) -> String {
    let mut text = String::new();
    match body {
        CheckTextBody::Passages(report) => {
            for claim in &report.claims {
                verdict(
                    &mut text,
                    &claim.text,
                    claim.verdict,
                    claim.reason.as_ref(),
                    language,
                );
                for citation in &claim.citations {
                    let _ = writeln!(text, "    [{}] \"{}\"", citation.number, citation.quote);
                }
            }
        }
        CheckTextBody::Documents(report) => {
            for claim in &report.claims {
                verdict(
                    &mut text,
                    &claim.text,
                    claim.verdict,
                    claim.reason.as_ref(),
                    language,
                );
                for citation in &claim.citations {
                    let page = page(citation.page, language);
                    let (title, quote) = (&citation.title, &citation.quote);
                    let _ = writeln!(text, "    {title}{page}: \"{quote}\" ({})", citation.url);
                }
            }
        }
    }
    text.trim_end().to_owned()
}

fn verdict(
    text: &mut String,
    sentence: &str,
    verdict: Verdict,
    reason: Option<&ReasonBody>,
    language: Language,
) {
    let reason = reason.map_or_else(String::new, |reason| format!(": {}", reason.words));
    let _ = writeln!(text, "- {sentence} ({}{reason})", named(verdict, language));
}

fn sources<'a>(
    text: &mut String,
    cited: impl Iterator<Item = &'a CitationBody>,
    language: Language,
) {
    let mut cited: Vec<&CitationBody> = cited.collect();
    cited.sort_by_key(|citation| (citation.number, citation.span.start));
    cited.dedup_by_key(|citation| (citation.number, citation.span.start, citation.span.end));
    if cited.is_empty() {
        return;
    }
    text.push_str(match language {
        Language::Ko => "\n출처\n",
        Language::En => "\nSources\n",
    });
    for citation in cited {
        let CitationBody {
            number,
            title,
            quote,
            url,
            ..
        } = citation;
        let page = page(citation.page, language);
        let _ = writeln!(text, "[{number}] {title}{page}: \"{quote}\" ({url})");
    }
}

/// `[1][3]`, each once.
fn numbers(cited: impl Iterator<Item = u32>) -> String {
    let mut numbers: Vec<u32> = cited.collect();
    numbers.sort_unstable();
    numbers.dedup();
    let marks: Vec<String> = numbers.iter().map(|number| format!("[{number}]")).collect();
    if marks.is_empty() {
        String::new()
    } else {
        format!(" {}", marks.concat())
    }
}

fn page(page: Option<u32>, language: Language) -> String {
    match (page, language) {
        (None, _) => String::new(),
        (Some(page), Language::Ko) => format!(", {page}쪽"),
        (Some(page), Language::En) => format!(", page {page}"),
    }
}

fn named(verdict: Verdict, language: Language) -> &'static str {
    match (verdict, language) {
        (Verdict::Supported, Language::Ko) => "확인됨",
        (Verdict::Supported, Language::En) => "supported",
        (Verdict::Partial, Language::Ko) => "일부만 확인됨",
        (Verdict::Partial, Language::En) => "partly supported",
        (Verdict::Contradicted, Language::Ko) => "문서와 다름",
        (Verdict::Contradicted, Language::En) => "contradicted",
        (Verdict::Unsupported, Language::Ko) => "근거 없음",
        (Verdict::Unsupported, Language::En) => "not supported",
        (Verdict::NotCheckable, Language::Ko) => "주장하는 바 없음",
        (Verdict::NotCheckable, Language::En) => "claims nothing",
        (Verdict::Unverified, Language::Ko) => "확인하지 못함",
        (Verdict::Unverified, Language::En) => "unverified",
    }
}
