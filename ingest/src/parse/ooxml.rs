//! What DOCX, PPTX and XLSX share: how the parts of an Office Open XML package point at each
//! other, and its properties.

use std::collections::BTreeMap;

use quick_xml::events::BytesStart;

use super::container::Container;
use super::xml::{attribute, each_element, first_texts};
use super::{ParseError, Problem};
use crate::Properties;

/// How one part names another.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    /// What the other part is: the last word of the relation's type, such as `slide`.
    pub(super) kind: String,
    /// The (lower case) name of the other part.
    pub(super) part: String,
}

/// The relations of a part by their ids; `""` stands for the package. Those that point out of
/// the package are left out.
///
/// # Errors
/// When the part with the relations is encrypted or over a limit.
pub(super) fn relations(
    container: &mut Container<'_>,
    part: &str,
) -> Result<BTreeMap<String, Relation>, ParseError> {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let own = if folder.is_empty() {
        format!("_rels/{name}.rels")
    } else {
        format!("{folder}/_rels/{name}.rels")
    };
    let mut relations = BTreeMap::new();
    let Some(text) = readable(container.part(&own), &mut Vec::new(), None)?.flatten() else {
        return Ok(relations);
    };
    each_element(&text, |element, _| {
        if element.local_name().as_ref() != "Relationship"
            || attribute(element, "TargetMode").is_some_and(|mode| mode == "External")
        {
            return;
        }
        let value = |name| attribute(element, name);
        if let (Some(id), Some(kind), Some(target)) = (value("Id"), value("Type"), value("Target"))
        {
            let relation = Relation {
                kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
                part: resolve(folder, &target),
            };
            relations.insert(id, relation);
        }
    });
    Ok(relations)
}

/// The part of a kind that a package or part names, if it has it.
pub(super) fn related<'a>(
    relations: &'a BTreeMap<String, Relation>,
    kind: &str,
) -> Option<&'a str> {
    // Of several, always the same one.
    relations
        .values()
        .filter(|relation| relation.kind == kind)
        .map(|relation| relation.part.as_str())
        .min()
}

/// The part that a package is about: what its relations say, or the usual place.
///
/// # Errors
/// As [`relations`].
pub(super) fn main_part(container: &mut Container<'_>, usual: &str) -> Result<String, ParseError> {
    if container.has(usual) {
        return Ok(usual.to_owned());
    }
    let relations = relations(container, "")?;
    Ok(related(&relations, "officeDocument")
        .filter(|part| container.has(part))
        .unwrap_or(usual)
        .to_owned())
}

/// Who wrote a document and when, in its part `docProps/core.xml`.
pub(super) fn properties(core: &str) -> Properties {
    let [author, created, modified] = first_texts(core, ["creator", "created", "modified"]);
    Properties::said([author], &created, &modified)
}

/// A part that cannot be read is a problem, unless the whole file is encrypted or too large.
///
/// # Errors
/// When it is.
pub(super) fn readable<T>(
    result: Result<T, ParseError>,
    problems: &mut Vec<Problem>,
    page: Option<u32>,
) -> Result<Option<T>, ParseError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(ParseError::Damaged { reason }) => {
            problems.push(Problem {
                page,
                message: reason,
            });
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The id of a relation that an element names: its `r:id`, whatever the prefix.
pub(super) fn relation_id(element: &BytesStart<'_>) -> Option<String> {
    prefixed(element, "id")
}

/// The value of an attribute that has a prefix, by its name behind it.
pub(super) fn prefixed(element: &BytesStart<'_>, name: &str) -> Option<String> {
    element
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|attribute| {
            attribute
                .key
                .as_ref()
                .split_once(':')
                .is_some_and(|(prefix, local)| prefix != "xmlns" && local == name)
        })
        .map(|attribute| attribute.value.to_string())
}

/// Whether an attribute such as `hidden="1"` says yes.
pub(super) fn flag(element: &BytesStart<'_>, name: &str) -> bool {
    matches!(
        attribute(element, name).as_deref(),
        Some("1" | "true" | "on" | "t")
    )
}

/// A target as a part's name: relative to `folder`, or to the package where it begins with `/`.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut path: Vec<&str> = if target.starts_with('/') {
        Vec::new()
    } else {
        folder.split('/').filter(|name| !name.is_empty()).collect()
    };
    for name in target.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            name => path.push(name),
        }
    }
    path.join("/").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_relative_to_the_part_that_names_them() {
        assert_eq!(
            resolve("ppt/slides", "../charts/Chart1.xml"),
            "ppt/charts/chart1.xml"
        );
        assert_eq!(resolve("xl", "/xl/worksheets/a.xml"), "xl/worksheets/a.xml");
        assert_eq!(resolve("xl", "../../../a.xml"), "a.xml");
    }
}
