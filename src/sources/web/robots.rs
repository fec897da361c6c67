//! `/robots.txt`: what a site does not want to have visited (RFC 9309).

use std::time::Duration;

use reqwest::Url;

use super::address::tidy;

/// The name that sites call this program by.
const NAME: &str = "veracite";
/// Bytes that are read of it (RFC 9309, 2.5).
pub(super) const LARGEST: usize = 500 * 1024;
/// A longer pause than this one is not kept: a thousand pages would take days.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What a site allows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Robots {
    rules: Vec<Rule>,
    /// The pause that it asks for.
    pub(super) pause: Option<Duration>,
    /// Sitemaps that it names, as they are written.
    pub(super) sitemaps: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    allows: bool,
    pattern: String,
}

/// Lines that are for some programs.
#[derive(Debug, Default)]
struct Group {
    rules: Vec<Rule>,
    pause: Option<Duration>,
}

impl Robots {
    /// Reads it; what it does not understand is passed over.
    pub(super) fn read(text: &str) -> Self {
        let mut sitemaps = Vec::new();
        let (mut ours, mut all) = (None::<Group>, None::<Group>);
        let (mut is_ours, mut is_all, mut in_rules) = (false, false, false);
        for line in text.trim_start_matches('\u{FEFF}').lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "user-agent" => {
                    if in_rules {
                        (is_ours, is_all, in_rules) = (false, false, false);
                    }
                    let end = value
                        .find(|char: char| !(char.is_ascii_alphabetic() || "-_".contains(char)))
                        .unwrap_or(value.len());
                    if value[..end].eq_ignore_ascii_case(NAME) {
                        is_ours = true;
                        ours.get_or_insert_default();
                    } else if value.starts_with('*') {
                        is_all = true;
                        all.get_or_insert_default();
                    }
                }
                "sitemap" => sitemaps.push(value.to_owned()),
                key => {
                    in_rules |= matches!(key, "allow" | "disallow" | "crawl-delay");
                    for (group, is_meant) in [(&mut ours, is_ours), (&mut all, is_all)] {
                        if let Some(group) = group.as_mut().filter(|_| is_meant) {
                            group.line(key, value);
                        }
                    }
                }
            }
        }
        let group = ours.or(all).unwrap_or_default();
        Self {
            rules: group.rules,
            pause: group.pause,
            sitemaps,
        }
    }

    /// Whether an address may be visited. The rule with the longest pattern decides, of two of
    /// the same length the one that allows.
    pub(super) fn allows(&self, address: &Url) -> bool {
        let path = match address.query() {
            Some(query) => format!("{}?{query}", address.path()),
            None => address.path().to_owned(),
        };
        let path = tidy(&path);
        self.rules
            .iter()
            .filter(|rule| matches(&rule.pattern, &path))
            .max_by_key(|rule| (rule.pattern.len(), rule.allows))
            .is_none_or(|rule| rule.allows)
    }
}

impl Group {
    fn line(&mut self, key: &str, value: &str) {
        match key {
            // An empty one forbids nothing.
            "allow" | "disallow" if !value.is_empty() => self.rules.push(Rule {
                allows: key == "allow",
                pattern: tidy(&encoded(value)),
            }),
            "crawl-delay" => {
                let pause = value
                    .parse()
                    .ok()
                    .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                self.pause = pause.map(|pause| pause.min(LONGEST_PAUSE));
            }
            _ => {}
        }
    }
}

/// Letters that an address writes with percent signs, so written.
fn encoded(pattern: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(pattern.len());
    for byte in pattern.bytes() {
        if byte.is_ascii_graphic() {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Whether a path begins as a pattern says: `*` stands for anything, `$` for the end. Takes no
/// more steps than path times pattern, whoever wrote them.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, is_whole) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern.as_bytes(), true),
        None => (pattern.as_bytes(), false),
    };
    let path = path.as_bytes();
    let (mut at, mut read) = (0, 0);
    // Where to go on after the last star, should what follows it fit only later.
    let mut again = None;
    loop {
        if at == pattern.len() {
            if !is_whole || read == path.len() {
                return true;
            }
        } else if pattern[at] == b'*' {
            at += 1;
            again = Some((at, read));
            continue;
        } else if path.get(read) == Some(&pattern[at]) {
            at += 1;
            read += 1;
            continue;
        }
        match &mut again {
            Some((after, from)) if *from < path.len() => {
                *from += 1;
                (at, read) = (*after, *from);
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(robots: &str, allowed: &[&str], forbidden: &[&str]) {
        let robots = Robots::read(robots);
        let address = |path: &&str| Url::parse(&format!("http://a{path}")).unwrap();
        for path in allowed {
            assert!(robots.allows(&address(path)), "{path} is allowed");
        }
        for path in forbidden {
            assert!(!robots.allows(&address(path)), "{path} is forbidden");
        }
    }

    #[test]
    fn the_longest_rule_decides() {
        check(
            "User-agent: *\nDisallow: /private\nAllow: /private/open\nDisallow: /*.cgi$\nDisallow: /x\nAllow: /x\n",
            &["/", "/private/open/a", "/a.cgi?b", "/x"],
            &["/private", "/privateer", "/private/closed", "/a/b.cgi"],
        );
        check("User-agent: *\nDisallow:\n", &["/", "/a"], &[]);
        check("User-agent: *\nDisallow: /\n", &[], &["/", "/a"]);
        check("", &["/"], &[]);
    }

    #[test]
    fn lines_for_this_program_take_the_place_of_those_for_all() {
        check(
            "User-agent: *\nDisallow: /\n\nUser-agent: other\nUser-Agent: Veracite/1.0 # us\nDisallow: /secret\n\n\
             user-agent: VERACITE\nDisallow: /also\n",
            &["/", "/a"],
            &["/secret", "/also/x"],
        );
        check("User-agent: veracite-image\nDisallow: /\n", &["/"], &[]);
    }

    #[test]
    fn letters_are_compared_as_addresses_write_them() {
        check(
            "User-agent: *\nDisallow: /휴가\nDisallow: /%ea%b7%9c\nDisallow: /q?a=1\nDisallow: /%7Emina\n",
            &["/q?a=2"],
            &["/휴가/1", "/규정", "/q?a=1", "/~mina/"],
        );
    }

    #[test]
    fn sitemaps_and_pauses_are_read() {
        let robots = Robots::read(
            "\u{FEFF}Sitemap: https://a/s.xml\nUser-agent: *\nCrawl-delay: 0.5\nsitemap: /other.xml\n",
        );
        assert_eq!(robots.sitemaps, ["https://a/s.xml", "/other.xml"]);
        assert_eq!(robots.pause, Some(Duration::from_millis(500)));
        let robots = Robots::read("User-agent: *\nCrawl-delay: 100000\n");
        assert_eq!(robots.pause, Some(LONGEST_PAUSE));
        assert_eq!(Robots::read("User-agent: *\nCrawl-delay: -1\n").pause, None);
    }

    #[test]
    fn a_hostile_pattern_takes_no_time() {
        let stars = "*a".repeat(2_000);
        assert!(!matches(
            &format!("/{stars}b$"),
            &format!("/{}", "a".repeat(5_000))
        ));
        assert!(matches("/*$", "/x"));
        assert!(matches("*", "/"));
        assert!(!matches("/a$", "/ab"));
    }
}
