//! Layers of a file that can be switched off, and what is not shown because they are.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use lopdf::{Dictionary, Document as Pdf, Object, ObjectId};

/// Layers that are looked at.
const MAX_LAYERS: usize = 10_000;
/// Conditions inside conditions.
const MAX_DEPTH: usize = 8;

/// Layers and conditions of one file that are looked at, one as often as it is looked at: a
/// condition may name itself a thousand times.
const MAX_WORK: usize = 100_000;

/// The layers that are off when the file is opened.
#[derive(Debug, Default)]
pub(super) struct Layers {
    off: HashSet<ObjectId>,
    /// Whether what belongs to them is shown, of those that were asked for.
    known: RefCell<HashMap<ObjectId, bool>>,
    work: Cell<usize>,
}

impl Layers {
    pub(super) fn of(pdf: &Pdf) -> Self {
        Self::read(pdf).unwrap_or_default()
    }

    fn read(pdf: &Pdf) -> Option<Self> {
        let properties = pdf
            .catalog()
            .ok()?
            .get_deref(b"OCProperties", pdf)
            .ok()?
            .as_dict()
            .ok()?;
        let shown = properties.get_deref(b"D", pdf).ok()?.as_dict().ok()?;
        let ids = |dictionary: &Dictionary, key: &[u8]| -> Vec<ObjectId> {
            dictionary
                .get_deref(key, pdf)
                .and_then(Object::as_array)
                .map(|layers| {
                    let layers = layers.iter().take(MAX_LAYERS);
                    layers
                        .filter_map(|layer| layer.as_reference().ok())
                        .collect()
                })
                .unwrap_or_default()
        };
        let mut off: HashSet<ObjectId> = ids(shown, b"OFF").into_iter().collect();
        if shown
            .get_deref(b"BaseState", pdf)
            .and_then(Object::as_name)
            .ok()
            == Some(b"OFF")
        {
            off.extend(ids(properties, b"OCGs"));
            for id in ids(shown, b"ON") {
                off.remove(&id);
            }
        }
        Some(Self {
            off,
            ..Self::default()
        })
    }

    /// Whether what belongs to this layer, or to layers under a condition, is shown.
    pub(super) fn are_shown(&self, pdf: &Pdf, layer: &Object) -> bool {
        if self.off.is_empty() {
            return true;
        }
        let id = layer.as_reference().ok();
        if let Some(id) = id {
            if self.off.contains(&id) {
                return false;
            }
            if let Some(known) = self.known.borrow().get(&id) {
                return *known;
            }
        }
        // What cannot be found out hides nothing.
        let shown = self.holds(pdf, layer, 0) || self.is_worn_out();
        if let Some(id) = id {
            self.known.borrow_mut().insert(id, shown);
        }
        shown
    }

    fn is_worn_out(&self) -> bool {
        self.work.get() >= MAX_WORK
    }

    fn holds(&self, pdf: &Pdf, layer: &Object, depth: usize) -> bool {
        if depth > MAX_DEPTH || self.is_worn_out() {
            return true;
        }
        self.work.set(self.work.get() + 1);
        if let Ok(id) = layer.as_reference()
            && self.off.contains(&id)
        {
            return false;
        }
        let Ok((_, Object::Dictionary(dictionary))) = pdf.dereference(layer) else {
            return true;
        };
        if dictionary.get(b"Type").and_then(Object::as_name).ok() != Some(b"OCMD") {
            return true;
        }
        if let Ok(condition) = dictionary.get_deref(b"VE", pdf).and_then(Object::as_array) {
            return self.is_met(pdf, condition, depth + 1);
        }
        let Ok(layers) = dictionary.get(b"OCGs") else {
            return true;
        };
        let states: Vec<bool> = match pdf.dereference(layers) {
            Ok((_, Object::Array(layers))) => layers
                .iter()
                .take(MAX_LAYERS)
                .map(|layer| self.holds(pdf, layer, depth + 1))
                .collect(),
            _ => vec![self.holds(pdf, layers, depth + 1)],
        };
        let policy = dictionary.get_deref(b"P", pdf).and_then(Object::as_name);
        states.is_empty()
            || match policy.unwrap_or(b"AnyOn") {
                b"AllOn" => states.iter().all(|on| *on),
                b"AnyOff" => states.iter().any(|on| !on),
                b"AllOff" => states.iter().all(|on| !on),
                _ => states.iter().any(|on| *on),
            }
    }

    /// A condition such as `[/And layer [/Not layer]]`.
    fn is_met(&self, pdf: &Pdf, condition: &[Object], depth: usize) -> bool {
        if depth > MAX_DEPTH {
            return true;
        }
        let Some((operator, parts)) = condition.split_first() else {
            return true;
        };
        // Conditions hold few parts: eight deep, they stay few.
        let mut parts = parts
            .iter()
            .take(16)
            .map(|part| match pdf.dereference(part) {
                Ok((_, Object::Array(inner))) => self.is_met(pdf, inner, depth + 2),
                _ => self.holds(pdf, part, depth + 2),
            });
        match operator.as_name() {
            Ok(b"And") => parts.all(|met| met),
            Ok(b"Or") => parts.any(|met| met),
            Ok(b"Not") => parts.next().is_none_or(|met| !met),
            _ => true,
        }
    }
}
