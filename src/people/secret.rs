//! Random secrets: shown once, of which only a hash is kept.

use std::fmt;

use ingest::ContentHash;
use secrecy::{ExposeSecret as _, SecretString};

/// 256 random bits as text. Who has it is believed, so it is shown to one person, once.
#[derive(Clone)]
pub struct Token(SecretString);

impl Token {
    /// A new one, with something before it by which people and scanners know what it is.
    pub(crate) fn random(prefix: &str) -> Result<Self, getrandom::Error> {
        let mut bits = [0; 32];
        getrandom::fill(&mut bits)?;
        let text = format!("{prefix}{}", ContentHash::from_digest(bits));
        Ok(Self(SecretString::from(text)))
    }

    /// The secret.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is kept of it.
    pub(crate) fn hash(&self) -> String {
        hash(self.expose())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token")
    }
}

/// What is kept of a secret. It is random, so that one round is enough, and looking a hash up
/// tells nothing of the secret by the time that it takes.
pub(super) fn hash(secret: &str) -> String {
    ContentHash::of(secret.as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_random_and_not_written_out() {
        let (one, other) = (Token::random("k_").unwrap(), Token::random("k_").unwrap());
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one.expose().len(), 2 + 64);
        assert!(!format!("{one:?}").contains(&one.expose()[2..]));
        assert_ne!(one.hash(), one.expose());
    }
}
