//! Slides, whatever the format: their shapes in the order in which they are read.

use super::flow::Item;

/// Where a shape stands: its left top corner and size, in any unit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Place {
    /// The smallest place around both.
    fn around(self, other: Self) -> Self {
        let x = self.x.min(other.x);
        let y = self.y.min(other.y);
        Self {
            x,
            y,
            width: (self.x + self.width).max(other.x + other.width) - x,
            height: (self.y + self.height).max(other.y + other.height) - y,
        }
    }
}

/// A shape, or a group of them, with what is in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Node {
    /// `None` where the file does not say.
    pub(super) place: Option<Place>,
    pub(super) items: Vec<Item>,
}

impl Node {
    /// A group as one shape: its members stay together.
    pub(super) fn group(place: Option<Place>, members: Vec<Node>) -> Self {
        let place = place
            .filter(|place| place.width > 0.0 || place.height > 0.0)
            .or_else(|| {
                members
                    .iter()
                    .filter_map(|member| member.place)
                    .reduce(Place::around)
            });
        Self {
            place,
            items: in_reading_order(members),
        }
    }
}

/// What is in the shapes, from top to bottom and from left to right. Shapes that stand side
/// by side are read column by column. Those without a place come first.
pub(super) fn in_reading_order(nodes: Vec<Node>) -> Vec<Item> {
    let mut nodes: Vec<(Place, Vec<Item>)> = nodes
        .into_iter()
        .filter(|node| !node.items.is_empty())
        .map(|node| (node.place.unwrap_or_default(), node.items))
        .collect();
    nodes.sort_by(|(one, _), (other, _)| one.y.total_cmp(&other.y));
    let mut ordered = Vec::new();
    let mut nodes = nodes.into_iter().peekable();
    while let Some(first) = nodes.next() {
        let place = first.0;
        let mut row = vec![first];
        while let Some(next) =
            nodes.next_if(|(next, _)| overlap((place.y, place.height), (next.y, next.height)))
        {
            row.push(next);
        }
        push_row(row, &mut ordered);
    }
    ordered
}

fn push_row(mut row: Vec<(Place, Vec<Item>)>, ordered: &mut Vec<Item>) {
    row.sort_by(|(one, _), (other, _)| one.x.total_cmp(&other.x));
    let mut row = row.into_iter().peekable();
    while let Some(first) = row.next() {
        let place = first.0;
        let mut column = vec![first];
        while let Some(next) =
            row.next_if(|(next, _)| overlap((place.x, place.width), (next.x, next.width)))
        {
            column.push(next);
        }
        column.sort_by(|(one, _), (other, _)| one.y.total_cmp(&other.y));
        ordered.extend(column.into_iter().flat_map(|(_, items)| items));
    }
}

/// Whether two ranges (start and length) share half of the shorter one.
fn overlap(one: (f64, f64), other: (f64, f64)) -> bool {
    let shared = (one.0 + one.1).min(other.0 + other.1) - one.0.max(other.0);
    shared >= 0.0 && shared * 2.0 >= one.1.min(other.1)
}

/// What stands before the notes of a slide, in the language of the notes.
pub(super) fn notes_mark(notes: &[Item]) -> &'static str {
    let korean = notes.iter().any(|item| match item {
        Item::Heading { text, .. }
        | Item::Paragraph(text)
        | Item::ListItem { text, .. }
        | Item::Preformatted(text) => text.chars().any(|char| ('가'..='힣').contains(&char)),
        Item::Table { .. } => false,
    });
    if korean {
        "[발표자 노트]"
    } else {
        "[Speaker notes]"
    }
}

/// Says how many slides were left out since they are hidden.
pub(super) fn hidden_slides(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 hidden slide was left out".to_owned()),
        count => Some(format!("{count} hidden slides were left out")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(text: &str, x: f64, y: f64, width: f64, height: f64) -> Node {
        Node {
            place: Some(Place {
                x,
                y,
                width,
                height,
            }),
            items: vec![Item::Paragraph(text.to_owned())],
        }
    }

    #[track_caller]
    fn check(nodes: Vec<Node>, expected: &[&str]) {
        let texts: Vec<Item> = expected
            .iter()
            .map(|text| Item::Paragraph((*text).to_owned()))
            .collect();
        assert_eq!(in_reading_order(nodes), texts);
    }

    #[test]
    fn shapes_are_read_from_the_top_and_side_by_side_ones_from_the_left() {
        check(
            vec![
                node("아래", 0.0, 80.0, 90.0, 10.0),
                node("오른쪽", 50.0, 19.0, 40.0, 20.0),
                node("왼쪽", 0.0, 20.0, 40.0, 20.0),
                node("제목", 0.0, 0.0, 90.0, 10.0),
            ],
            &["제목", "왼쪽", "오른쪽", "아래"],
        );
    }

    #[test]
    fn boxes_beside_a_tall_one_are_a_column() {
        check(
            vec![
                node("둘", 52.0, 40.0, 40.0, 10.0),
                node("그림 설명", 0.0, 10.0, 40.0, 80.0),
                node("셋", 50.0, 60.0, 40.0, 10.0),
                node("하나", 51.0, 20.0, 40.0, 10.0),
            ],
            &["그림 설명", "하나", "둘", "셋"],
        );
    }

    #[test]
    fn the_members_of_a_group_stay_together() {
        let card = |name: &str, price: &str, x| {
            Node::group(
                None,
                vec![
                    node(price, x, 30.0, 40.0, 10.0),
                    node(name, x, 10.0, 40.0, 10.0),
                ],
            )
        };
        check(
            vec![
                card("고급형", "9,900원", 50.0),
                card("기본형", "4,900원", 0.0),
            ],
            &["기본형", "4,900원", "고급형", "9,900원"],
        );
    }
}
