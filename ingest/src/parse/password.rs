//! Passwords that a file is tried with.

use std::fmt::{self, Debug};
use std::io::{self, Read};

use super::ParseError;

/// Passwords that are tried at most: each may cost a second.
const MAX_PASSWORDS: usize = 100;
/// Bytes that are read of a list of them.
const MAX_LIST: u64 = 1 << 20;

/// Passwords to try, in order, on a file that needs one. They are never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Passwords(Vec<String>);

impl Passwords {
    /// The first hundred of these; empty ones and repetitions are left out.
    #[must_use]
    pub fn new(passwords: impl IntoIterator<Item = String>) -> Self {
        let mut kept: Vec<String> = Vec::new();
        for password in passwords {
            if kept.len() < MAX_PASSWORDS && !password.is_empty() && !kept.contains(&password) {
                kept.push(password);
            }
        }
        Self(kept)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// What is said after "needs a password": that there was none, or none that fits.
    pub(super) fn verdict(&self) -> String {
        match self.0.len() {
            0 => "and none was given".to_owned(),
            1 => "and the one given does not fit".to_owned(),
            all => format!("and none of the {all} given fits"),
        }
    }

    /// Says of a file that none of them opens it.
    pub(super) fn refusal(&self, what: &str) -> ParseError {
        ParseError::Encrypted {
            reason: format!("{what}, {}", self.verdict()),
        }
    }

    /// How they are handed to a child process.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.0).unwrap_or_default()
    }

    /// Those that [`Passwords::to_bytes`] wrote; nothing at all is none.
    ///
    /// # Errors
    /// When they cannot be read or are no such list.
    pub(super) fn read(from: impl Read) -> io::Result<Self> {
        let mut bytes = Vec::new();
        from.take(MAX_LIST).read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        // The parser's own error might show a part of one.
        let list: Vec<String> = serde_json::from_slice(&bytes)
            .map_err(|_| io::Error::other("the list of passwords is not understood"))?;
        Ok(Self::new(list))
    }
}

impl Debug for Passwords {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Passwords({})", self.0.len())
    }
}

/// Some passwords for a test.
#[cfg(test)]
pub(super) fn passwords(list: &[&str]) -> Passwords {
    Passwords::new(list.iter().map(|&password| password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_not_shown_and_survive_the_way_to_the_child() {
        let some = passwords(&["비밀 1", "", "sec\nret", "비밀 1"]);
        assert_eq!(format!("{some:?}"), "Passwords(2)");
        assert_eq!(some.iter().collect::<Vec<_>>(), ["비밀 1", "sec\nret"]);
        assert_eq!(Passwords::read(&*some.to_bytes()).unwrap(), some);
        assert!(Passwords::read(io::empty()).unwrap().is_empty());
        let error = Passwords::read(&b"[\"secret\", 7]"[..]).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn a_refusal_says_how_many_were_tried() {
        for (list, said) in [
            (&[][..], "it needs a password, and none was given"),
            (
                &["a"][..],
                "it needs a password, and the one given does not fit",
            ),
            (
                &["a", "b"][..],
                "it needs a password, and none of the 2 given fits",
            ),
        ] {
            let reason = said.to_owned();
            assert_eq!(
                passwords(list).refusal("it needs a password"),
                ParseError::Encrypted { reason }
            );
        }
    }
}
