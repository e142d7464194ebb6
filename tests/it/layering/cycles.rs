//! Which files of a module depend on each other, and where they form a circle.
//!
//! A file depends on another one if it names an item that the other one defines. `mod.rs` files only declare modules
//! and re-export items, so a path through them counts as a path to the file behind the re-export.

use super::source::{SourceFile, child_modules};
use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;
use std::collections::{BTreeSet, HashMap};

/// Returns the circles of files, each as the sorted paths of its files.
pub fn find_cycles(sources: &[SourceFile]) -> Vec<Vec<String>> {
    let edges = find_dependencies(sources);
    let mut graph = DiGraph::<usize, ()>::new();
    let nodes: Vec<_> = (0..sources.len()).map(|index| graph.add_node(index)).collect();
    for (from, to) in edges {
        graph.update_edge(nodes[from], nodes[to], ());
    }
    let mut cycles: Vec<Vec<String>> = tarjan_scc(&graph)
        .into_iter()
        .filter(|component| component.len() > 1)
        .map(|component| {
            let mut files: Vec<String> = component.iter().map(|node| sources[graph[*node]].path.clone()).collect();
            files.sort();
            files
        })
        .collect();
    cycles.sort();
    cycles
}

/// Returns the pairs of files of one top-level module in which the first names an item of the second, as indices.
fn find_dependencies(sources: &[SourceFile]) -> BTreeSet<(usize, usize)> {
    let children = child_modules(sources);
    let no_children = Vec::new();
    let children_of = |source: &SourceFile| children.get(&source.module).unwrap_or(&no_children);
    let files: HashMap<&[String], usize> =
        sources.iter().enumerate().map(|(index, source)| (source.module.as_slice(), index)).collect();
    let reexports: Vec<HashMap<String, Vec<String>>> =
        sources.iter().map(|source| source.reexports(children_of(source)).into_iter().collect()).collect();
    let mut edges = BTreeSet::new();
    for (index, source) in sources.iter().enumerate() {
        if source.is_mod_file() || source.module.is_empty() {
            continue;
        }
        for reference in source.references(children_of(source)) {
            let Some(target) = defining_file(&reference.path, &files, &reexports) else { continue };
            let other = &sources[target];
            if target != index && other.top_module() == source.top_module() && !other.is_mod_file() {
                edges.insert((index, target));
            }
        }
    }
    edges
}

/// Returns the file that defines the item at a path, following re-exports.
fn defining_file(
    path: &[String],
    files: &HashMap<&[String], usize>,
    reexports: &[HashMap<String, Vec<String>>],
) -> Option<usize> {
    let mut path = path.to_vec();
    // Longer chains of re-exports do not occur; the bound ends re-exports that name each other.
    for _ in 0..8 {
        let length = (1..=path.len()).rev().find(|length| files.contains_key(&path[..*length]))?;
        let file = files[&path[..length]];
        match path.get(length).and_then(|name| reexports[file].get(name)) {
            Some(behind) if *behind != path => path = [behind, &path[length + 1..]].concat(),
            _ => return Some(file),
        }
    }
    None
}
