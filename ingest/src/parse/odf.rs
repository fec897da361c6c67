//! OpenDocument: texts (ODT), spreadsheets (ODS) and presentations (ODP).
//!
//! Read by hand from `content.xml`, without recursion and within limits. Left out: deleted
//! and hidden text, comments on text, headers and footers, and hidden sheets and slides (a
//! problem names or counts those). Footnotes stand after the text.

mod sheets;
mod slides;
mod text;

use std::collections::{HashMap, HashSet};

use super::container::Container;
use super::flow::Item;
use super::ooxml::readable;
use super::xml::{attribute, each_element, first_text};
use super::{ParseError, Parsed, Progress, sniff};
use crate::{DocumentBuilder, Problem};

/// Objects in a document (charts and tables) that are read.
const MAX_OBJECTS: usize = 1_000;

/// Whether the bytes are an OpenDocument text.
pub(super) fn is_text(bytes: &[u8], _file_name: &str) -> bool {
    is_of_type(bytes, "text")
}

/// Whether the bytes are an OpenDocument spreadsheet.
pub(super) fn is_spreadsheet(bytes: &[u8], _file_name: &str) -> bool {
    is_of_type(bytes, "spreadsheet")
}

/// Whether the bytes are an OpenDocument presentation.
pub(super) fn is_presentation(bytes: &[u8], _file_name: &str) -> bool {
    is_of_type(bytes, "presentation")
}

fn is_of_type(bytes: &[u8], name: &str) -> bool {
    if !sniff::is_zip(bytes) {
        return false;
    }
    let Ok(mut container) = Container::open(bytes) else {
        return false;
    };
    let of = |media_type: &str| {
        media_type
            .trim()
            .strip_prefix("application/vnd.oasis.opendocument.")
            .is_some_and(|own| own.strip_suffix("-template").unwrap_or(own) == name)
    };
    if let Ok(Some(media_type)) = container.part("mimetype") {
        return of(&media_type);
    }
    let manifest = container.part("meta-inf/manifest.xml");
    let mut found = false;
    each_element(&manifest.ok().flatten().unwrap_or_default(), |element, _| {
        found |= element.local_name().as_ref() == "file-entry"
            && attribute(element, "full-path").as_deref() == Some("/")
            && attribute(element, "media-type").is_some_and(|media_type| of(&media_type));
    });
    found
}

/// What all three kinds have.
struct Package {
    content: String,
    styles: Styles,
    objects: HashMap<String, Vec<Item>>,
    builder: DocumentBuilder,
    problems: Vec<Problem>,
}

impl Package {
    fn open(bytes: &[u8]) -> Result<Self, ParseError> {
        let mut container = Container::open(bytes)?;
        let mut problems = Vec::new();
        let manifest = readable(
            container.part("meta-inf/manifest.xml"),
            &mut Vec::new(),
            None,
        )?;
        let mut is_encrypted = false;
        each_element(&manifest.flatten().unwrap_or_default(), |element, _| {
            is_encrypted |= element.local_name().as_ref() == "encryption-data";
        });
        if is_encrypted {
            return Err(ParseError::Encrypted {
                reason: "it is an OpenDocument file that needs a password".to_owned(),
            });
        }
        let Some(content) = container.part("content.xml")? else {
            return Err(ParseError::Damaged {
                reason: "it has no part `content.xml`".to_owned(),
            });
        };
        let mut styles = Styles::default();
        let part = readable(container.part("styles.xml"), &mut problems, None)?.flatten();
        styles.read(&part.unwrap_or_default());
        styles.read(&content);
        let mut builder = DocumentBuilder::default();
        let meta = readable(container.part("meta.xml"), &mut problems, None)?.flatten();
        builder.title(&first_text(&meta.unwrap_or_default(), "title"));
        let mut objects = HashMap::new();
        for name in container.names("") {
            let Some(folder) = name.strip_suffix("/content.xml") else {
                continue;
            };
            if objects.len() >= MAX_OBJECTS {
                break;
            }
            let Some(part) = readable(container.part(&name), &mut problems, None)?.flatten() else {
                continue;
            };
            let mut own = Styles::default();
            own.read(&part);
            let mut none = HashMap::new();
            let (items, problem) = text::read(&part, &name, &own, &mut none);
            problems.extend(problem.map(Problem::of_file));
            objects.insert(folder.to_owned(), items);
        }
        Ok(Self {
            content,
            styles,
            objects,
            builder,
            problems,
        })
    }

    fn finish(self) -> Parsed {
        Parsed::new(self.builder.finish(), self.problems)
    }

    /// A part that is damaged from the start cannot be read at all.
    fn damage(&mut self, problem: Option<String>, page: Option<u32>) -> Result<(), ParseError> {
        match problem {
            Some(reason) if self.builder.is_empty() => Err(ParseError::Damaged { reason }),
            Some(message) => {
                self.problems.push(Problem { page, message });
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// Reads a text.
///
/// # Errors
/// When it is encrypted, damaged, or over a limit.
pub fn parse_text(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let mut package = Package::open(bytes)?;
    let (items, problem) = text::read(
        &package.content,
        "content.xml",
        &package.styles,
        &mut package.objects,
    );
    for item in items {
        item.push_to(&mut package.builder);
    }
    package.damage(problem, None)?;
    progress(1, Some(1));
    Ok(package.finish())
}

/// Reads a spreadsheet.
///
/// # Errors
/// When it is encrypted, damaged, or over a limit.
pub fn parse_spreadsheet(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let mut package = Package::open(bytes)?;
    let problem = sheets::read(&mut package, progress);
    package.damage(problem, None)?;
    Ok(package.finish())
}

/// Reads a presentation.
///
/// # Errors
/// When it is encrypted, damaged, or over a limit.
pub fn parse_presentation(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let mut package = Package::open(bytes)?;
    let problem = slides::read(&mut package, progress);
    package.damage(problem, None)?;
    Ok(package.finish())
}

/// What styles say about what is shown.
#[derive(Debug, Default)]
struct Styles {
    /// Styles of text, sheets and slides that hide what has them.
    hidden: HashSet<String>,
    /// Sizes of pages in points, by the names of their layouts.
    sizes: HashMap<String, (f32, f32)>,
    /// The layouts of master pages.
    layouts: HashMap<String, String>,
}

impl Styles {
    fn read(&mut self, text: &str) {
        let mut name = String::new();
        each_element(text, |element, around| {
            let local = element.local_name();
            let hides = |key: &str, value: &str| attribute(element, key).as_deref() == Some(value);
            let hidden = match local.as_ref() {
                "style" | "page-layout" => {
                    name = attribute(element, "name").unwrap_or_default();
                    false
                }
                "master-page" => {
                    if let (Some(name), Some(layout)) = (
                        attribute(element, "name"),
                        attribute(element, "page-layout-name"),
                    ) {
                        self.layouts.insert(name, layout);
                    }
                    false
                }
                "page-layout-properties" => {
                    let size = |key| attribute(element, key).and_then(|size| points(&size));
                    if let (Some(width), Some(height)) = (size("page-width"), size("page-height")) {
                        self.sizes.insert(name.clone(), (width, height));
                    }
                    false
                }
                "text-properties" => hides("display", "none"),
                "table-properties" => hides("display", "false"),
                "drawing-page-properties" => hides("visibility", "hidden"),
                _ => false,
            };
            if hidden && around.last().is_some_and(|name| name == "style") {
                self.hidden.insert(name.clone());
            }
        });
    }

    fn hides(&self, style: Option<&String>) -> bool {
        style.is_some_and(|style| self.hidden.contains(style))
    }

    /// The size of a slide by the name of its master page.
    fn size(&self, master: Option<&String>) -> (f32, f32) {
        master
            .and_then(|master| self.layouts.get(master))
            .and_then(|layout| self.sizes.get(layout))
            .copied()
            .unwrap_or_default()
    }
}

/// A length such as `2.5cm` in points.
fn points(length: &str) -> Option<f32> {
    let number = length.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    let unit = match &length[number.len()..] {
        "cm" => 72.0 / 2.54,
        "mm" => 7.2 / 2.54,
        "in" => 72.0,
        "pt" => 1.0,
        "pc" => 12.0,
        "px" => 0.75,
        _ => return None,
    };
    let number: f32 = number.trim().parse().ok()?;
    number.is_finite().then_some(number * unit)
}

/// The name under which an object is found, of a reference to it.
fn object_name(reference: &str) -> String {
    reference
        .trim_start_matches("./")
        .trim_end_matches('/')
        .to_lowercase()
}
