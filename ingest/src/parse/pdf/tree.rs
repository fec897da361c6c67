//! Trees by which a file finds things: of names (destinations, files) and of numbers (labels).

use std::collections::HashSet;

use lopdf::{Dictionary, Document as Pdf, Object};

/// Nodes of one tree.
const MAX_NODES: usize = 20_000;
/// Entries of one tree.
const MAX_ENTRIES: usize = 100_000;

/// The entries of a tree, in its order: `Names` or `Nums` in pairs at its leaves.
pub(super) fn entries<'a>(
    pdf: &'a Pdf,
    root: &'a Dictionary,
    leaf: &[u8],
) -> Vec<(&'a Object, &'a Object)> {
    let mut entries = Vec::new();
    let mut seen = HashSet::new();
    let mut waiting = vec![root];
    let mut nodes = 0;
    while let Some(node) = waiting.pop() {
        nodes += 1;
        if nodes > MAX_NODES {
            break;
        }
        if let Ok(pairs) = node.get_deref(leaf, pdf).and_then(Object::as_array) {
            for pair in pairs.chunks_exact(2) {
                if entries.len() >= MAX_ENTRIES {
                    return entries;
                }
                if let Ok((_, key)) = pdf.dereference(&pair[0]) {
                    entries.push((key, &pair[1]));
                }
            }
        }
        if let Ok(kids) = node.get_deref(b"Kids", pdf).and_then(Object::as_array) {
            for kid in kids.iter().take(MAX_NODES).rev() {
                if let Ok(id) = kid.as_reference()
                    && !seen.insert(id)
                {
                    continue;
                }
                if let Ok((_, Object::Dictionary(kid))) = pdf.dereference(kid) {
                    waiting.push(kid);
                }
            }
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::*;

    #[test]
    fn a_tree_that_holds_itself_ends() {
        let mut pdf = Pdf::new();
        let id = pdf.new_object_id();
        let leaf = dictionary! { "Nums" => vec![0.into(), 1.into(), 5.into()] };
        pdf.objects.insert(
            id,
            dictionary! { "Kids" => vec![id.into(), leaf.into(), id.into()] }.into(),
        );
        let root = pdf.get_dictionary(id).unwrap();
        // What nobody refers to is known by its place only: the leaf is met twice, then no more.
        assert_eq!(entries(&pdf, root, b"Nums").len(), 2);
    }
}
