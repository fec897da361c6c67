//! What a file says about its pages: their labels, and the outline with its destinations.

use std::collections::{BTreeMap, HashMap, HashSet};

use lopdf::{Dictionary, Document as Pdf, Object, ObjectId};

use super::{text_string, tree};

/// Entries of an outline.
const MAX_ENTRIES: usize = 20_000;
/// Characters of a page's label.
const MAX_LABEL: usize = 40;

/// An entry of the outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) title: String,
    /// From 1.
    pub(super) level: u8,
}

/// The entries of the outline, by the page they lead to.
pub(super) fn outline(pdf: &Pdf, pages: &[(u32, ObjectId)]) -> HashMap<u32, Vec<Entry>> {
    let mut found: HashMap<u32, Vec<Entry>> = HashMap::new();
    let Some(root) = pdf
        .catalog()
        .ok()
        .and_then(|catalog| catalog.get_deref(b"Outlines", pdf).ok()?.as_dict().ok())
    else {
        return found;
    };
    let numbers: HashMap<ObjectId, u32> = pages.iter().map(|(number, id)| (*id, *number)).collect();
    let named = named_destinations(pdf);
    let mut seen = HashSet::new();
    let mut waiting: Vec<(&Object, u8)> = Vec::new();
    if let Ok(first) = root.get(b"First") {
        waiting.push((first, 1));
    }
    while let Some((object, level)) = waiting.pop() {
        let (Ok(id), Ok((_, Object::Dictionary(entry)))) =
            (object.as_reference(), pdf.dereference(object))
        else {
            continue;
        };
        if !seen.insert(id) || seen.len() > MAX_ENTRIES {
            continue;
        }
        if let Ok(next) = entry.get(b"Next") {
            waiting.push((next, level));
        }
        if let Ok(first) = entry.get(b"First") {
            waiting.push((first, level.saturating_add(1)));
        }
        let title = entry
            .get_deref(b"Title", pdf)
            .and_then(Object::as_str)
            .map(text_string);
        if let Ok(title) = title
            && let Some(page) = page_of(pdf, entry, &named, pages)
            && let Some(number) = numbers.get(&page)
        {
            found
                .entry(*number)
                .or_default()
                .push(Entry { title, level });
        }
    }
    found
}

fn named_destinations(pdf: &Pdf) -> HashMap<Vec<u8>, &Object> {
    let Ok(catalog) = pdf.catalog() else {
        return HashMap::new();
    };
    let mut named = HashMap::new();
    let names = catalog
        .get_deref(b"Names", pdf)
        .and_then(Object::as_dict)
        .and_then(|names| names.get_deref(b"Dests", pdf))
        .and_then(Object::as_dict);
    if let Ok(root) = names {
        for (name, destination) in tree::entries(pdf, root, b"Names") {
            if let Ok(name) = name.as_str() {
                named.insert(name.to_vec(), destination);
            }
        }
    }
    if let Ok(old) = catalog.get_deref(b"Dests", pdf).and_then(Object::as_dict) {
        for (name, destination) in old.iter().take(MAX_ENTRIES) {
            named.insert(name.clone(), destination);
        }
    }
    named
}

/// The page that an entry leads to.
fn page_of(
    pdf: &Pdf,
    entry: &Dictionary,
    named: &HashMap<Vec<u8>, &Object>,
    pages: &[(u32, ObjectId)],
) -> Option<ObjectId> {
    let mut destination = entry.get_deref(b"Dest", pdf).ok().or_else(|| {
        let action = entry.get_deref(b"A", pdf).ok()?.as_dict().ok()?;
        action.get_deref(b"D", pdf).ok()
    })?;
    // A name leads to a place, or to a dictionary that holds one.
    for _ in 0..4 {
        match destination {
            Object::Array(parts) => {
                return match parts.first()? {
                    Object::Reference(id) => Some(*id),
                    Object::Integer(index) => {
                        pages.get(usize::try_from(*index).ok()?).map(|page| page.1)
                    }
                    _ => None,
                };
            }
            Object::Name(name) | Object::String(name, _) => {
                destination = pdf.dereference(named.get(name)?).ok()?.1;
            }
            Object::Dictionary(dictionary) => destination = dictionary.get_deref(b"D", pdf).ok()?,
            _ => return None,
        }
    }
    None
}

/// The labels of the pages that have one that is not just their number.
pub(super) fn labels(pdf: &Pdf, pages: &[(u32, ObjectId)]) -> HashMap<u32, String> {
    let Some(root) = pdf
        .catalog()
        .ok()
        .and_then(|catalog| catalog.get_deref(b"PageLabels", pdf).ok()?.as_dict().ok())
    else {
        return HashMap::new();
    };
    let ranges: BTreeMap<i64, &Dictionary> = tree::entries(pdf, root, b"Nums")
        .into_iter()
        .filter_map(|(first, range)| {
            Some((
                first.as_i64().ok()?,
                pdf.dereference(range).ok()?.1.as_dict().ok()?,
            ))
        })
        .collect();
    let mut labels = HashMap::new();
    for (index, (number, _)) in (0_i64..).zip(pages) {
        let Some((first, range)) = ranges.range(..=index).next_back() else {
            continue;
        };
        let from = range
            .get_deref(b"St", pdf)
            .and_then(Object::as_i64)
            .unwrap_or(1);
        let prefix = range
            .get_deref(b"P", pdf)
            .and_then(Object::as_str)
            // Each page has it: a long one would be written out for all of them.
            .map(|text| text_string(&text[..text.len().min(4 * MAX_LABEL)]))
            .unwrap_or_default();
        let style = range
            .get_deref(b"S", pdf)
            .and_then(Object::as_name)
            .unwrap_or(b"");
        let label = prefix + &numeral(style, from.saturating_add(index - first));
        if !label.trim().is_empty() && label != number.to_string() {
            labels.insert(*number, label.chars().take(MAX_LABEL).collect());
        }
    }
    labels
}

/// A number as pages are numbered: `7`, `vii`, `VII`, `g`, `G`.
fn numeral(style: &[u8], number: i64) -> String {
    const ROMAN: [(usize, &str); 13] = [
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ];
    let small = usize::try_from(number)
        .ok()
        .filter(|small| (1..5_000).contains(small));
    let text = match (style, small) {
        (b"", _) => String::new(),
        (b"r" | b"R", Some(mut rest)) => {
            let mut text = String::new();
            for (value, letters) in ROMAN {
                while rest >= value {
                    text.push_str(letters);
                    rest -= value;
                }
            }
            text
        }
        (b"a" | b"A", Some(number)) => {
            // After z come aa, bb and so on.
            let letter = ('a'..='z').nth((number - 1) % 26).unwrap_or('a');
            std::iter::repeat_n(letter, (number - 1) / 26 + 1).collect()
        }
        _ => number.to_string(),
    };
    if matches!(style, b"R" | b"A") {
        text.to_uppercase()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_numbered_in_every_style() {
        for (style, number, text) in [
            (&b"D"[..], 12, "12"),
            (b"r", 14, "xiv"),
            (b"R", 1999, "MCMXCIX"),
            (b"a", 28, "bb"),
            (b"A", 26, "Z"),
            (b"", 3, ""),
            (b"r", -4, "-4"),
        ] {
            assert_eq!(numeral(style, number), text);
        }
    }
}
