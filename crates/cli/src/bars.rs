//! Histograms in the terminal.

use std::fmt;

use crate::decimals::decimals;
use crate::histogram::Channel;

/// Columns of a histogram; a column has as many of the 256 bytes as divide it.
const COLUMNS: usize = 64;
/// Lines of a histogram.
const LINES: usize = 6;
/// Eighths of a line.
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws the bins of a channel as bars, the fullest as high as there is room.
pub(crate) fn write(f: &mut fmt::Formatter<'_>, channel: &Channel) -> fmt::Result {
    let shares = channel.shares(COLUMNS);
    let fullest = shares.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    for line in (0..LINES).rev() {
        let block = |share: &f64| {
            let mut eighths = share / fullest * (8 * LINES) as f64;
            // What is there at all is seen.
            if *share > 0.0 {
                eighths = eighths.max(1.0);
            }
            BLOCKS[(eighths.round() as usize).saturating_sub(8 * line).min(8)]
        };
        let bars: String = shares.iter().map(block).collect();
        writeln!(f, "  {}", bars.trim_end())?;
    }
    let (low, high) = (label(channel.low), label(channel.high));
    let width = shares.len().saturating_sub(low.chars().count());
    writeln!(f, "  {low}{high:>width$}  {}", channel.name)
}

fn label(value: f64) -> String {
    decimals(value, if value.fract() == 0.0 { 0 } else { 3 })
}
