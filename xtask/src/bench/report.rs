//! The rows of the result, as a table and as JSON.

use std::fs;
use std::path::Path;

use comfy_table::{Table, presets};
use serde::Serialize;

use super::case::{Parity, Result, Unit};
use super::growth::Growth;
use super::peers::About;
use super::place::Machine;
use super::timing::{median, range};

/// Ours beside one peer, or beside the least work there is, or alone.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) case: String,
    pub(crate) threads: usize,
    pub(crate) unit: &'static str,
    /// The median of the rounds, as are the others.
    pub(crate) ours: Option<f64>,
    pub(crate) peer: Option<String>,
    /// The peer is no program but the least work that any would have to do.
    pub(crate) is_floor: bool,
    pub(crate) theirs: Option<f64>,
    /// How many times the time, or the memory, of ours the peer takes.
    pub(crate) ratio: Option<f64>,
    pub(crate) spread: Option<Spread>,
    pub(crate) parity: Option<Parity>,
    /// How the peer was set up, or why it was not timed.
    pub(crate) note: String,
}

/// The least and the greatest figure of all rounds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Spread {
    rounds: usize,
    ours: [f64; 2],
    theirs: [f64; 2],
    ratio: [f64; 2],
}

impl Row {
    /// A row without figures yet.
    pub(crate) fn new(case: String, threads: usize, unit: &'static str) -> Self {
        Self {
            case,
            threads,
            unit,
            ours: None,
            peer: None,
            is_floor: false,
            theirs: None,
            ratio: None,
            spread: None,
            parity: None,
            note: String::new(),
        }
    }

    /// Takes in the figures of both in each round.
    pub(crate) fn set_both(&mut self, ours: &[f64], theirs: &[f64], unit: Unit) {
        let (ours, theirs) = (unit.figures(ours), unit.figures(theirs));
        let ratio = |ours: f64, theirs: f64| unit.ratio(ours, theirs);
        let ratios: Vec<f64> =
            ours.iter().zip(&theirs).map(|(&ours, &theirs)| ratio(ours, theirs)).collect();
        self.ratio = Some(ratio(median(&ours), median(&theirs)));
        (self.ours, self.theirs) = (Some(median(&ours)), Some(median(&theirs)));
        self.spread = Some(Spread {
            rounds: ours.len(),
            ours: range(&ours),
            theirs: range(&theirs),
            ratio: range(&ratios),
        });
    }
}

/// All that a run found.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) data: String,
    pub(crate) settings: String,
    pub(crate) peers: Vec<About>,
    pub(crate) rows: Vec<Row>,
    pub(crate) growth: Option<Growth>,
}

impl Report {
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        fs::write(path, serde_json::to_string_pretty(self)?)
            .map_err(|error| format!("cannot write {}: {error}", path.display()).into())
    }

    /// What was run on what.
    pub(crate) fn print_header(&self) {
        let Machine { processor, cores, memory_gib, simd, system, rustc, mizumashi } =
            &self.machine;
        let memory = memory_gib.map_or_else(String::new, |gib| format!(", {gib} GiB"));
        println!("machine: {processor}, {cores} cores{memory}, {}; {system}", simd.join(" "));
        println!("build: mizumashi {mizumashi}, {rustc}");
        println!("data: {}", self.data);
        println!("settings: {}", self.settings);
        for about in &self.peers {
            println!("peers: {about}");
        }
    }

    pub(crate) fn print_rows(&self) {
        if self.rows.is_empty() {
            return;
        }
        println!("{}", table(&self.rows));
        println!(
            "ratio: how many times our time (or memory) theirs is, by the medians, so above 1 ours is \
             better; spread: the least and the greatest ratio of a round; parity: how far their \
             result is from ours."
        );
    }
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "case", "threads", "ours", "unit", "peer", "theirs", "ratio", "spread", "parity", "note",
    ]);
    for row in rows {
        let figure = |figure: Option<f64>| figure.map_or("-".into(), rounded);
        let spread = row.spread.map(|Spread { ratio: [least, greatest], .. }| {
            format!("{}..{}", rounded(least), rounded(greatest))
        });
        let parity = row.parity.as_ref().map(|parity| {
            let verdict = if parity.passed { "" } else { "FAIL: " };
            format!("{verdict}{}", parity.measured)
        });
        table.add_row([
            row.case.clone(),
            row.threads.to_string(),
            figure(row.ours),
            row.unit.to_owned(),
            row.peer.clone().unwrap_or_else(|| "-".into()),
            figure(row.theirs),
            figure(row.ratio),
            spread.unwrap_or_else(|| "-".into()),
            parity.unwrap_or_else(|| "-".into()),
            row.note.clone(),
        ]);
    }
    table
}

/// Three significant digits, or the whole number where that has more.
pub(crate) fn rounded(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let digits = value.abs().log10().floor();
    let decimals = if value == 0.0 { 0.0 } else { (2.0 - digits).clamp(0.0, 9.0) };
    grouped(&format!("{value:.*}", decimals as usize))
}

/// Commas between thousands.
fn grouped(number: &str) -> String {
    let (whole, fraction) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut result = String::new();
    for (position, digit) in whole.chars().enumerate() {
        let left = whole.len() - position;
        if position > 0 && left.is_multiple_of(3) && !result.ends_with('-') {
            result.push(',');
        }
        result.push(digit);
    }
    result + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_or_all_of_the_whole_number() {
        let written = [0.0, 0.01234, 1.0, 99.96, 812_345.6, -1234.0].map(rounded);
        assert_eq!(written, ["0", "0.0123", "1.00", "100.0", "812,346", "-1,234"]);
    }
}
