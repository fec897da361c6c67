//! Lines in Arabic and Hebrew, which go to the left: from how they look to how they are read.
//!
//! Files hold such text as it looks, the last letter first, or letter by letter from the right.
//! Either way it is put together from where the letters stand, and what goes to the right in it
//! (numbers, Latin words) is turned back.

use unicode_normalization::UnicodeNormalization as _;

use super::words::{WORD_GAP, Word};

/// The words of a line, given from left to right, in the order in which they are read.
pub(super) fn in_reading_order(words: Vec<Word>) -> Vec<Word> {
    if !words.iter().any(|word| is_leftward(&word.text)) {
        return words;
    }
    let words = joined(words);
    let count = |is: fn(&str) -> bool| words.iter().filter(|word| is(&word.text)).count();
    let goes_left = count(is_leftward) >= count(is_rightward);
    // Runs of the other way are read in their own order.
    let mut runs: Vec<Vec<Word>> = Vec::new();
    let mut is_open = false;
    for mut word in words {
        let leftward = is_leftward(&word.text);
        if leftward {
            word.read_leftward();
        }
        let other = if goes_left {
            is_rightward(&word.text) || (is_open && is_number(&word.text))
        } else {
            leftward
        };
        match runs.last_mut().filter(|_| other && is_open) {
            Some(run) => run.push(word),
            None => runs.push(vec![word]),
        }
        is_open = other;
    }
    if goes_left {
        runs.reverse();
    } else {
        for run in &mut runs {
            run.reverse();
        }
    }
    runs.into_iter().flatten().collect()
}

/// Joins letters that were each written for themselves.
fn joined(words: Vec<Word>) -> Vec<Word> {
    let mut joined: Vec<Word> = Vec::with_capacity(words.len());
    // Of the last word: looked at once for each piece, since thousands may become one.
    let (mut before_leftward, mut before_rightward) = (false, false);
    for word in words {
        let (leftward, rightward) = (is_leftward(&word.text), is_rightward(&word.text));
        let before = joined.last_mut().filter(|before| {
            let gap = word.rect.x0 - before.rect.x1;
            (before_leftward || leftward)
                && !before_rightward
                && !rightward
                && before.table.is_none()
                && word.table.is_none()
                && gap < WORD_GAP * word.size.min(before.size)
        });
        if let Some(before) = before {
            before.text.push_str(&word.text);
            before.rect = before.rect.around(&word.rect);
            before.shown = before.shown.around(&word.shown);
            before.size = before.size.max(word.size);
            before.bold &= word.bold;
            before.is_artifact &= word.is_artifact;
            before.is_spaced = word.is_spaced;
            before.parts.extend(word.parts);
            before_leftward |= leftward;
        } else {
            (before_leftward, before_rightward) = (leftward, rightward);
            joined.push(word);
        }
    }
    joined
}

impl Word {
    /// Puts its letters, which look like a word that goes to the left, in the order of reading.
    fn read_leftward(&mut self) {
        let mut at = 0;
        let mut letters: Vec<(String, crate::Rect)> = self
            .parts
            .iter()
            .map(|(length, rect)| {
                let letter = &self.text[at..at + length];
                at += length;
                // Shapes of letters are letters.
                (letter.nfkc().map(mirrored).collect(), *rect)
            })
            .collect();
        // Only where a line is not turned is the way to the left that on the page.
        if self.rect == self.shown {
            letters.sort_by(|(_, one), (_, other)| {
                (other.x0 + other.x1).total_cmp(&(one.x0 + one.x1))
            });
        } else {
            letters.reverse();
        }
        // Numbers in it go to the right, with what divides their digits.
        let is_digit = |letter: &(String, crate::Rect)| letter.0.chars().all(is_digit);
        let divides = |letter: &(String, crate::Rect)| {
            matches!(
                letter.0.as_str(),
                "." | "," | ":" | "/" | "\u{66B}" | "\u{66C}"
            )
        };
        let mut start = 0;
        while start < letters.len() {
            let mut end = start;
            while end < letters.len()
                && (is_digit(&letters[end])
                    || (end > start
                        && divides(&letters[end])
                        && letters.get(end + 1).is_some_and(is_digit)))
            {
                end += 1;
            }
            letters[start..end].reverse();
            start = end.max(start + 1);
        }
        self.text.clear();
        self.parts.clear();
        for (letter, rect) in letters {
            self.text.push_str(&letter);
            self.parts.push((letter.len(), rect));
        }
    }
}

/// A letter or a shape of one that goes to the left.
fn is_leftward_char(char: char) -> bool {
    matches!(char, '\u{590}'..='\u{65F}' | '\u{66D}'..='\u{6EF}' | '\u{6FA}'..='\u{8FF}'
        | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}')
}

fn is_leftward(text: &str) -> bool {
    text.chars().any(is_leftward_char)
}

/// Whether letters go to the right, and none to the left.
fn is_rightward(text: &str) -> bool {
    text.chars().any(char::is_alphabetic) && !is_leftward(text)
}

fn is_number(text: &str) -> bool {
    text.chars().any(is_digit) && !text.chars().any(char::is_alphabetic)
}

fn is_digit(char: char) -> bool {
    matches!(char, '0'..='9' | '\u{660}'..='\u{669}' | '\u{6F0}'..='\u{6F9}')
}

/// A bracket as it is written where it looks like this in text that goes to the left.
fn mirrored(char: char) -> char {
    match char {
        '(' => ')',
        ')' => '(',
        '[' => ']',
        ']' => '[',
        '{' => '}',
        '}' => '{',
        '<' => '>',
        '>' => '<',
        '«' => '»',
        '»' => '«',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::of_letters;
    use super::*;

    /// A line as it looks, its letters 5 points wide and written in this order or the other.
    fn line(looks: &str, from_the_right: bool) -> Vec<Word> {
        let letters = looks
            .chars()
            .zip(0_u16..)
            .map(|(char, place)| (char, f32::from(place) * 5.0));
        let letters: Vec<(char, f32)> = letters.filter(|(char, _)| *char != ' ').collect();
        if from_the_right {
            // Each letter is a word of its own, as those behind it stand before it.
            return letters
                .iter()
                .map(|letter| of_letters(&[*letter]))
                .collect();
        }
        let mut words: Vec<Vec<(char, f32)>> = Vec::new();
        for (char, x) in letters {
            match words.last_mut() {
                Some(word) if word.last().is_some_and(|(_, last)| x - last < 6.0) => {
                    word.push((char, x));
                }
                _ => words.push(vec![(char, x)]),
            }
        }
        words.iter().map(|word| of_letters(word)).collect()
    }

    fn read(words: Vec<Word>) -> String {
        let words = in_reading_order(words);
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        texts.join(" ")
    }

    #[test]
    fn what_goes_left_is_read_from_the_right() {
        for (looks, reads) in [
            // "שלום עולם" as it looks.
            ("םלוע םולש", "שלום עולם"),
            // Numbers and brackets.
            ("(2024) תנש", "שנת (2024)"),
            ("1,500.5 ריחמ", "מחיר 1,500.5"),
            ("12-ב", "ב-12"),
            // Latin words stay as they are.
            ("Open Source תנכות השדח", "חדשה תוכנת Open Source"),
            ("The word םלוע םולש is", "The word שלום עולם is"),
        ] {
            assert_eq!(read(line(looks, false)), reads, "{looks}");
        }
        assert_eq!(read(line("םלוע םולש", true)), "שלום עולם");
    }

    #[test]
    fn boxes_go_with_their_letters() {
        let words = in_reading_order(line("ba םולש", false));
        assert_eq!(words[0].text, "שלום");
        assert_eq!((words[0].parts[0].1.x0, words[0].shown.x0), (30.0, 15.0));
        assert_eq!((words[1].text.as_str(), words[1].shown.x0), ("ba", 0.0));
    }

    #[test]
    fn shapes_of_letters_are_letters() {
        // The ligature of lam and alef, as it looks beside a final meem.
        assert_eq!(read(line("\u{FEE1}\u{FEFC}\u{FEB3}", false)), "سلام");
    }

    #[test]
    fn other_lines_stay_as_they_are() {
        let words = line("제1조 (목적) rule", false);
        assert_eq!(read(words), "제1조 (목적) rule");
    }
}
