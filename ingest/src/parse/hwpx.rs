//! HWPX: the text of a document of the Korean word processor Hangul, in its open format.
//!
//! A ZIP container like that of EPUB: a package part names the sections and their order. The
//! text itself is read by [`hangul`](super::hangul), as that of HWP is.

use super::container::{self, Container};
use super::hangul::{Body, numbering::Styles, xml};
use super::xml::{attribute, each_element, first_text};
use super::{ParseError, Parsed, Progress, sniff};
use crate::{DocumentBuilder, Problem};

const PACKAGE: &str = "contents/content.hpf";

/// Whether the bytes are a HWPX document.
pub(super) fn recognizes(bytes: &[u8], _file_name: &str) -> bool {
    if !sniff::is_zip(bytes) {
        return false;
    }
    let start = &bytes[..bytes.len().min(256)];
    (sniff::find(start, b"application/hwp+zip").is_some() && container::has_part(bytes, |_| true))
        || container::has_part(bytes, |name| name == PACKAGE || is_section(name))
}

fn is_section(name: &str) -> bool {
    name.starts_with("contents/section")
        && std::path::Path::new(name).extension() == Some("xml".as_ref())
}

/// Reads a HWPX document.
///
/// # Errors
/// When it is encrypted, damaged, or over a limit.
pub fn parse(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let mut container = Container::open(bytes)?;
    let manifest = container.part("meta-inf/manifest.xml")?.unwrap_or_default();
    let mut encrypted = false;
    each_element(&manifest, |element, _| {
        encrypted |= element.local_name().as_ref() == "encryption-data";
    });
    if encrypted {
        return Err(ParseError::Encrypted {
            reason: "it is a HWPX document that needs a password, or one for distribution"
                .to_owned(),
        });
    }

    let package = package_part(&mut container);
    let text = container.part(&package)?.unwrap_or_default();
    let mut builder = DocumentBuilder::default();
    builder.title(&first_text(&text, "title"));
    let (header, sections) = parts(&container, &package, &text);
    if sections.is_empty() {
        return Err(ParseError::Damaged {
            reason: "it is a HWPX document without sections".to_owned(),
        });
    }
    let mut problems = Vec::new();
    let styles = match container.part(&header) {
        Ok(Some(header)) => xml::styles(&header),
        Ok(None) => Styles::default(),
        Err(error) => {
            problems.push(Problem::of_file(format!(
                "headings and numbers are missing, as its styles could not be read: {error}"
            )));
            Styles::default()
        }
    };
    let mut body = Body::new(styles);
    let mut failed = None;
    let all = u32::try_from(sections.len()).ok();
    for (done, section) in (1..).zip(&sections) {
        let problem = match container.part(section) {
            Ok(Some(text)) => xml::Section::default().read(&text, section, &mut body),
            Ok(None) => Some(format!("its part `{section}` is missing")),
            Err(error @ (ParseError::Encrypted { .. } | ParseError::Limit { .. })) => {
                return Err(error);
            }
            Err(error) => {
                let message = error.to_string();
                failed.get_or_insert(error);
                Some(message)
            }
        };
        problems.extend(problem.map(Problem::of_file));
        progress(done, all);
    }
    if body.is_empty()
        && let Some(first) = problems.first()
    {
        return Err(failed.unwrap_or_else(|| ParseError::Damaged {
            reason: first.message.clone(),
        }));
    }
    body.finish(&mut builder, &mut problems);
    Ok(Parsed::new(builder.finish(), problems))
}

/// The part that names the others.
fn package_part(container: &mut Container<'_>) -> String {
    if container.has(PACKAGE) {
        return PACKAGE.to_owned();
    }
    let named = container
        .part("meta-inf/container.xml")
        .ok()
        .flatten()
        .and_then(|text| {
            let mut path = None;
            each_element(&text, |element, _| {
                if element.local_name().as_ref() == "rootfile" && path.is_none() {
                    path = attribute(element, "full-path").filter(|path| is_package(path));
                }
            });
            path.map(|path| container::part_name(path.as_bytes()))
        });
    named
        .or_else(|| {
            let mut names = container.names("").into_iter();
            names.find(|name| is_package(name))
        })
        .unwrap_or_else(|| PACKAGE.to_owned())
}

fn is_package(name: &str) -> bool {
    std::path::Path::new(name)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("hpf"))
}

/// The part with the styles, and the sections in their order: that of the package, then those
/// it does not name.
fn parts(container: &Container<'_>, package: &str, text: &str) -> (String, Vec<String>) {
    let folder = package.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut named = Vec::new();
    let mut order = Vec::new();
    each_element(text, |element, _| match element.local_name().as_ref() {
        "item" => {
            if let (Some(id), Some(path)) = (attribute(element, "id"), attribute(element, "href")) {
                let path = container::part_name(path.as_bytes());
                let beside = format!("{folder}/{path}");
                let path = if !container.has(&path) && container.has(&beside) {
                    beside
                } else {
                    path
                };
                named.push((id, path));
            }
        }
        "itemref" => order.extend(attribute(element, "idref")),
        _ => {}
    });
    let named: std::collections::HashMap<String, String> = named.into_iter().collect();
    let file = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let mut sections: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for path in order.iter().filter_map(|id| named.get(id)) {
        if file(path).starts_with("section") && seen.insert(path.clone()) {
            sections.push(path.clone());
        }
    }
    let mut others: Vec<String> = container
        .names("")
        .into_iter()
        .filter(|name| !seen.contains(name))
        .filter(|name| {
            is_section(name)
                || (file(name).starts_with("section") && named.values().any(|path| path == name))
        })
        .collect();
    others.sort_by_key(|name| {
        let digits: String = name.chars().filter(char::is_ascii_digit).collect();
        (digits.parse::<u32>().unwrap_or(u32::MAX), name.clone())
    });
    sections.extend(others);
    let header = named
        .values()
        .find(|path| file(path) == "header.xml")
        .filter(|path| container.has(path))
        .cloned()
        .unwrap_or_else(|| "contents/header.xml".to_owned());
    (header, sections)
}
