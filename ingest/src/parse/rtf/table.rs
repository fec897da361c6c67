//! The tables of RTF: rows of cells that say where their right edges are.

use std::rc::Rc;

use crate::parse::flow::{Grid, Item, MAX_NESTED_TABLES};

/// Edges that are closer than this (in twentieths of a point) are one.
const SAME_EDGE: i32 = 60;
/// Columns of a table whose edges are looked at.
const MAX_EDGES: usize = 500;
/// Cells that a row may say it has.
const MAX_CELLS: usize = 1_000;

/// What a row says of one of its cells.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CellShape {
    right: i32,
    /// It is one with the cell before it.
    pub(super) across: bool,
    /// It is one with the cell above it.
    pub(super) down: bool,
}

#[derive(Debug, Default)]
struct Row {
    cells: Vec<Vec<Item>>,
    /// Rows of one description share it: it may be much larger than they are.
    shapes: Rc<Vec<CellShape>>,
    header: bool,
}

#[derive(Debug, Default)]
struct Table {
    rows: Vec<Row>,
    cells: Vec<Vec<Item>>,
    cell: Vec<Item>,
}

/// A flow of blocks and the tables that are open in it.
#[derive(Debug, Default)]
pub(super) struct Tables {
    items: Vec<Item>,
    open: Vec<Table>,
    shapes: Rc<Vec<CellShape>>,
    next: CellShape,
    header: bool,
}

impl Tables {
    /// A row is described from here on.
    pub(super) fn define(&mut self) {
        self.shapes = Rc::default();
        self.next = CellShape::default();
        self.header = false;
    }

    pub(super) fn header(&mut self, header: bool) {
        self.header = header;
    }

    /// Describes the cell whose edge comes next.
    pub(super) fn shape(&mut self, change: impl Fn(&mut CellShape)) {
        change(&mut self.next);
    }

    /// The right edge of the cell that was described.
    pub(super) fn edge(&mut self, right: i32) {
        let mut shape = std::mem::take(&mut self.next);
        shape.right = right;
        if self.shapes.len() < MAX_CELLS {
            Rc::make_mut(&mut self.shapes).push(shape);
        }
    }

    /// Opens and ends tables so that what comes stands in so many.
    pub(super) fn at(&mut self, depth: usize) {
        let depth = depth.min(MAX_NESTED_TABLES);
        while self.open.len() > depth {
            self.end_table();
        }
        while self.open.len() < depth {
            self.open.push(Table::default());
        }
    }

    pub(super) fn add(&mut self, item: Item) {
        match self.open.last_mut() {
            Some(table) => table.cell.push(item),
            None => self.items.push(item),
        }
    }

    /// Ends a cell of the table at this depth.
    pub(super) fn cell(&mut self, depth: usize) {
        self.at(depth);
        if let Some(table) = self.open.last_mut() {
            let cell = std::mem::take(&mut table.cell);
            table.cells.push(cell);
        }
    }

    /// Ends a row of the table at this depth.
    pub(super) fn row(&mut self, depth: usize) {
        self.at(depth);
        let Some(table) = self.open.last_mut() else {
            return;
        };
        if !table.cell.is_empty() {
            let cell = std::mem::take(&mut table.cell);
            table.cells.push(cell);
        }
        if !table.cells.is_empty() {
            table.rows.push(Row {
                cells: std::mem::take(&mut table.cells),
                shapes: Rc::clone(&self.shapes),
                header: self.header,
            });
        }
    }

    pub(super) fn finish(mut self) -> Vec<Item> {
        self.at(0);
        self.items
    }

    fn end_table(&mut self) {
        // A row without an end still is one.
        self.row(self.open.len());
        let Some(table) = self.open.pop() else {
            return;
        };
        let edges = edges(&table.rows);
        let mut grid = Grid::default();
        for row in table.rows {
            grid.row();
            grid.header(row.header);
            place(row, &edges, &mut grid);
        }
        for item in grid.finish(true, true) {
            self.add(item);
        }
    }
}

/// Where the columns of a table end, if all of its rows say so.
fn edges(rows: &[Row]) -> Vec<i32> {
    if rows.iter().any(|row| row.shapes.len() < row.cells.len()) {
        return Vec::new();
    }
    let mut edges = Vec::new();
    for row in rows {
        let shapes = &row.shapes[..row.cells.len()];
        edges.extend(shapes.iter().map(|shape| shape.right));
        if edges.len() > 8 * MAX_EDGES {
            unite(&mut edges);
        }
        if edges.len() > 8 * MAX_EDGES {
            return Vec::new();
        }
    }
    unite(&mut edges);
    if edges.len() > MAX_EDGES {
        return Vec::new();
    }
    edges
}

fn unite(edges: &mut Vec<i32>) {
    edges.sort_unstable();
    edges.dedup_by(|next, edge| next.saturating_sub(*edge) <= SAME_EDGE);
}

/// Puts the cells of a row into the columns that they reach over.
fn place(row: Row, edges: &[i32], grid: &mut Grid) {
    let shapes = row.shapes;
    let mut column = 0;
    let mut cells = row.cells.into_iter().enumerate().peekable();
    while let Some((index, mut items)) = cells.next() {
        let shape = shapes.get(index).copied().unwrap_or_default();
        let mut right = shape.right;
        let mut columns = 1;
        while let Some((next, _)) = cells.peek()
            && let Some(shape) = shapes.get(*next).filter(|shape| shape.across)
        {
            right = shape.right;
            columns += 1;
            if let Some((_, more)) = cells.next() {
                items.extend(more);
            }
        }
        if !edges.is_empty() {
            let end = edges.partition_point(|edge| *edge <= right);
            columns = end.saturating_sub(column).max(1);
        }
        column += columns;
        if shape.down && items.is_empty() {
            grid.continued_cell(columns);
        } else {
            grid.cell(items, columns, 1);
        }
    }
}
