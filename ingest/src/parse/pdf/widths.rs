//! How wide characters are, where a file says so.

use std::collections::HashMap;

use lopdf::{Dictionary, Document as Pdf, Object};

/// Widths of one font.
const MAX_WIDTHS: usize = 70_000;

/// Where characters stand above their origins in vertical writing, and how far the next is.
pub(super) fn vertical(pdf: &Pdf, descendant: &Dictionary) -> (f32, f32) {
    let values: Vec<f32> = descendant
        .get_deref(b"DW2", pdf)
        .and_then(Object::as_array)
        .map(|values| {
            values
                .iter()
                .filter_map(|value| value.as_float().ok())
                .collect()
        })
        .unwrap_or_default();
    match values[..] {
        [above, step] if step != 0.0 => (above * 0.001, step * 0.001),
        _ => (0.88, -1.0),
    }
}

/// The widths that a composite font lists, and that of all others.
pub(super) fn composite_widths(pdf: &Pdf, descendant: &Dictionary) -> (HashMap<u32, f32>, f32) {
    let default = descendant
        .get_deref(b"DW", pdf)
        .ok()
        .and_then(|object| object.as_float().ok())
        .unwrap_or(1000.0);
    let mut widths = HashMap::new();
    let entries = descendant
        .get_deref(b"W", pdf)
        .ok()
        .and_then(|object| object.as_array().ok());
    let mut entries = entries
        .into_iter()
        .flatten()
        .filter_map(|object| Some(pdf.dereference(object).ok()?.1));
    let cid = |object: &Object| {
        object
            .as_i64()
            .ok()
            .and_then(|value| u32::try_from(value).ok())
    };
    let mut set = 0;
    while let Some(first) = entries.next() {
        let (Some(first), Some(second)) = (cid(first), entries.next()) else {
            break;
        };
        if let Ok(list) = second.as_array() {
            for (offset, width) in (0..).zip(list).take(MAX_WIDTHS - set) {
                set += 1;
                if let Some(cid) = first.checked_add(offset)
                    && let Some(width) = pdf
                        .dereference(width)
                        .ok()
                        .and_then(|(_, width)| width.as_float().ok())
                {
                    widths.insert(cid, width * 0.001);
                }
            }
        } else if let (Some(last), Some(width)) = (
            cid(second),
            entries.next().and_then(|width| width.as_float().ok()),
        ) {
            for cid in (first..=last).take(MAX_WIDTHS - set) {
                set += 1;
                widths.insert(cid, width * 0.001);
            }
        }
        if set >= MAX_WIDTHS {
            break;
        }
    }
    (widths, default * 0.001)
}

/// The widths that a simple font lists.
pub(super) fn listed_widths(pdf: &Pdf, font: &Dictionary, scale: f32) -> Option<HashMap<u32, f32>> {
    let first = font
        .get_deref(b"FirstChar", pdf)
        .ok()
        .and_then(|object| object.as_i64().ok())
        .unwrap_or(0);
    let first = u32::try_from(first).unwrap_or(0);
    let listed = font.get_deref(b"Widths", pdf).ok()?.as_array().ok()?;
    Some(
        (0..256)
            .zip(listed)
            .filter_map(|(offset, width)| {
                let width = pdf.dereference(width).ok()?.1.as_float().ok()?;
                Some((first.checked_add(offset)?, width * scale))
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::*;

    #[test]
    fn widths_beyond_the_last_code_are_none() {
        let pdf = Pdf::new();
        let last = i64::from(u32::MAX);
        let listed: Object = vec![500.into(), 600.into()].into();
        let descendant = dictionary! { "W" => vec![last.into(), listed.clone()] };
        let (widths, _) = composite_widths(&pdf, &descendant);
        assert_eq!(widths.keys().collect::<Vec<_>>(), [&u32::MAX]);
        let font = dictionary! { "FirstChar" => last, "Widths" => listed };
        let widths = listed_widths(&pdf, &font, 0.001).unwrap();
        assert_eq!(widths.keys().collect::<Vec<_>>(), [&u32::MAX]);
    }

    #[test]
    fn widths_of_lying_ranges_are_few() {
        let pdf = Pdf::new();
        let descendant = dictionary! {
            "W" => vec![0.into(), 4_294_967_295_i64.into(), 500.into(), 0.into(), 4_294_967_295_i64.into(), 600.into()],
        };
        let (widths, default) = composite_widths(&pdf, &descendant);
        assert_eq!(widths.len(), MAX_WIDTHS);
        assert!((default - 1.0).abs() < 1e-6);
    }
}
