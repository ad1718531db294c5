//! Standard output and standard error: colours, control characters, closed pipes.

use std::borrow::Cow;
use std::env;
use std::io::{self, IsTerminal, Write};

use crate::failure::Failure;

/// Whether and how to colour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    /// Returns the paint for standard output.
    pub(crate) fn stdout() -> Self {
        Self::for_stream(io::stdout().is_terminal())
    }

    /// Returns the paint for standard error.
    pub(crate) fn stderr() -> Self {
        Self::for_stream(io::stderr().is_terminal())
    }

    /// Returns no paint.
    #[cfg(test)]
    pub(crate) const fn none() -> Self {
        Self { on: false }
    }

    fn for_stream(is_terminal: bool) -> Self {
        let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { on: is_terminal && !set("NO_COLOR") && !dumb }
    }

    /// Tells whether there are colours.
    pub(crate) const fn is_on(self) -> bool {
        self.on
    }

    /// Returns the text as something good.
    pub(crate) fn good(self, text: &str) -> Cow<'_, str> {
        self.with("1;32", text)
    }

    /// Returns the text as something bad.
    pub(crate) fn bad(self, text: &str) -> Cow<'_, str> {
        self.with("1;31", text)
    }

    /// Returns the text as something that stands out.
    pub(crate) fn strong(self, text: &str) -> Cow<'_, str> {
        self.with("1", text)
    }

    fn with<'t>(self, code: &str, text: &'t str) -> Cow<'t, str> {
        match self.on {
            true => Cow::Owned(format!("\x1b[{code}m{text}\x1b[0m")),
            false => Cow::Borrowed(text),
        }
    }
}

/// Prints a text, which ends with its own line end.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// Prints bytes as they are. Whoever closes the pipe early has read enough: that is fine.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let message = format!("cannot write to standard output: {error}");
            Err(Failure::new(message, "free some space, or send the output somewhere else"))
        }
        _ => Ok(()),
    }
}

/// Tells people something beside the output proper.
pub(crate) fn note(text: &str) {
    // There is nobody left to tell if that fails.
    let _unheard = writeln!(io::stderr().lock(), "{text}");
}

/// Tells why a command cannot do its work.
pub(crate) fn print_failure(failure: &Failure) {
    let paint = Paint::stderr();
    let error = paint.bad("error:");
    note(&format!("{error} {}", printable(&failure.to_string())));
    note(&format!("  {} {}", paint.strong("help:"), printable(failure.help())));
}

/// Returns a text of unknown origin without control characters, so that it cannot take over the
/// terminal.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let shown = text.chars().map(|c| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    });
    Cow::Owned(shown.collect())
}

#[cfg(test)]
mod tests {
    use super::{Paint, printable};

    #[test]
    fn control_characters_are_shown_not_sent() {
        assert_eq!(printable("a\x1b[31mb\n"), "a\\u{1b}[31mb\\n");
        assert_eq!(printable("plain — text"), "plain — text");
    }

    #[test]
    fn without_paint_a_text_stays_as_it_is() {
        assert_eq!(Paint::none().bad("denied"), "denied");
    }
}
