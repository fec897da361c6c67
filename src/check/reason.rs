//! Why a sentence is not supported, in words.

use super::answer::Reason;
use crate::language::Language;

impl Reason {
    /// The reason as a sentence for people.
    #[must_use]
    pub fn words(&self, language: Language) -> String {
        match (self, language) {
            (Self::NoCitation, Language::Ko) => "근거로 든 구절이 없습니다.".to_owned(),
            (Self::NoCitation, Language::En) => "It cites no passage that there is.".to_owned(),
            (Self::NotVerbatim { quote }, Language::Ko) => {
                format!("문서에 없는 말을 인용합니다: “{quote}”")
            }
            (Self::NotVerbatim { quote }, Language::En) => {
                format!("It quotes words that are not in the document: “{quote}”")
            }
            (
                Self::MissingFact {
                    fact,
                    instead: Some(instead),
                },
                Language::Ko,
            ) => {
                format!("문서에는 “{fact}”이(가) 아니라 “{instead}”(으)로 쓰여 있습니다.")
            }
            (
                Self::MissingFact {
                    fact,
                    instead: Some(instead),
                },
                Language::En,
            ) => {
                format!("The document says “{instead}”, not “{fact}”.")
            }
            (
                Self::MissingFact {
                    fact,
                    instead: None,
                },
                Language::Ko,
            ) => format!("문서에 “{fact}”이(가) 없습니다."),
            (
                Self::MissingFact {
                    fact,
                    instead: None,
                },
                Language::En,
            ) => format!("“{fact}” is not in the document."),
            (Self::BoundElsewhere { fact, to, instead }, Language::Ko) => match instead {
                Some(instead) => format!(
                    "문서에서 “{fact}”은(는) “{to}”에 관한 것이고, 여기에는 “{instead}”이(가) 맞습니다."
                ),
                None => format!("문서에서 “{fact}”은(는) “{to}”에 관한 것입니다."),
            },
            (Self::BoundElsewhere { fact, to, instead }, Language::En) => match instead {
                Some(instead) => {
                    format!("In the document “{fact}” belongs to “{to}”; here it says “{instead}”.")
                }
                None => format!("In the document “{fact}” belongs to “{to}”."),
            },
            (Self::OtherLimit { said, there }, Language::Ko) => {
                format!("문서에는 “{said}”이(가) 아니라 “{there}”(으)로 쓰여 있습니다.")
            }
            (Self::OtherLimit { said, there }, Language::En) => {
                format!("The document says “{there}”, not “{said}”.")
            }
            (Self::WrongArithmetic { shown }, Language::Ko) => {
                format!("계산이 맞지 않거나 문서의 숫자가 아닙니다: {shown}")
            }
            (Self::WrongArithmetic { shown }, Language::En) => {
                format!("The calculation is wrong, or not with the document's figures: {shown}")
            }
            (Self::Opposite, Language::Ko) => "문서는 달리 말합니다.".to_owned(),
            (Self::Opposite, Language::En) => "The document says otherwise.".to_owned(),
            (Self::LowSimilarity, Language::Ko) => "문서는 다른 내용을 말합니다.".to_owned(),
            (Self::LowSimilarity, Language::En) => {
                "The document is about something else.".to_owned()
            }
            (Self::PartlyMissing { words }, Language::Ko) => {
                format!("문서에 없는 부분이 있습니다: {}", words.join(", "))
            }
            (Self::PartlyMissing { words }, Language::En) => {
                format!("Part of it is not in the document: {}", words.join(", "))
            }
            (Self::CheckerFailed { .. }, Language::Ko) => "확인할 수 없었습니다.".to_owned(),
            (Self::CheckerFailed { .. }, Language::En) => "It could not be checked.".to_owned(),
        }
    }
}
