//! The languages that Veracite speaks to people.

use serde::{Deserialize, Serialize};

/// A language of questions, answers and the interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Korean.
    #[default]
    Ko,
    /// English.
    En,
}

impl Language {
    /// The language of `text`: Korean if at least a fifth of its letters are Hangul, since
    /// Korean company text is full of Latin names and codes.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let letters = text.chars().filter(|char| char.is_alphabetic()).count();
        let hangul = text.chars().filter(|char| is_hangul(*char)).count();
        if hangul * 5 >= letters && hangul > 0 {
            Self::Ko
        } else {
            Self::En
        }
    }

    /// The BCP 47 tag.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Ko => "ko",
            Self::En => "en",
        }
    }
}

/// Whether `char` is a Hangul syllable or letter.
#[must_use]
pub fn is_hangul(char: char) -> bool {
    matches!(char, '\u{AC00}'..='\u{D7A3}' | '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn korean_with_latin_codes_is_korean() {
        assert_eq!(Language::of("PPR-9087 단가는 얼마인가요?"), Language::Ko);
        assert_eq!(
            Language::of("What does 연차 mean in this handbook?"),
            Language::En
        );
        assert_eq!(Language::of("42"), Language::En);
    }
}
