//! Recipes, plans and figures in JSON files, with a hint where a name is misspelt.

use std::error::Error as StdError;
use std::path::Path;

use mizumashi::transform::Recipe;

use crate::error::{Error, with_causes};
use crate::file;
use crate::file_kind::FileKind;

/// Reads a recipe.
pub(crate) fn recipe(path: &Path) -> Result<Recipe, Error> {
    let bytes = file::bytes(path)?;
    FileKind::Recipe.expect(path, &bytes)?;
    parsed(path, &bytes, Recipe::from_json)
}

/// What is in a file whose bytes were read, by a function of its text.
pub(crate) fn parsed<T, E: StdError + 'static>(
    path: &Path,
    bytes: &[u8],
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::File {
        path: path.to_owned(),
        message: "its bytes are no text, and so no JSON".to_owned(),
    })?;
    parse(text).map_err(|error| {
        let message = with_causes(&error);
        let message = match nearest(&message) {
            Some(name) => format!("{message}; did you mean `{name}`?"),
            None => message,
        };
        Error::File { path: path.to_owned(), message }
    })
}

/// Of the names that were expected, the one most like the name that was found: serde writes both in
/// backticks, the found one first.
fn nearest(message: &str) -> Option<&str> {
    if !message.contains("unknown variant") && !message.contains("unknown field") {
        return None;
    }
    let mut names = message.split('`').skip(1).step_by(2);
    let found = names.next()?;
    let likeness = |name: &&str| strsim::jaro_winkler(found, name);
    names.filter(|name| likeness(name) > 0.7).max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_of_the_expected_names_is_found() {
        let message = "unknown variant `random_afine`, expected one of `box_blur`, `random_affine`";
        assert_eq!(nearest(message), Some("random_affine"));
        assert_eq!(nearest("unknown field `rotaton`, expected `rotation`"), Some("rotation"));
        assert_eq!(nearest("unknown field `qqq`, expected `rotation` or `shear`"), None);
        assert_eq!(nearest("missing field `transforms`"), None);
    }
}
