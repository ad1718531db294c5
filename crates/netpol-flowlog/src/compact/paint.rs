//! Colours, and characters that would let a log speak to the terminal (LINE-4, LINE-5).

/// A colour of a terminal.
#[derive(Clone, Copy)]
pub(super) enum Color {
    Red,
    Green,
    Yellow,
    Magenta,
    Cyan,
}

impl Color {
    /// Returns the code of ECMA-48.
    const fn code(self) -> u8 {
        match self {
            Self::Red => 31,
            Self::Green => 32,
            Self::Yellow => 33,
            Self::Magenta => 35,
            Self::Cyan => 36,
        }
    }
}

/// Writes the parts of a line. Every text from a record goes through [`Painter::plain`] or
/// [`Painter::paint`] once, so that it cannot hold a colour of its own.
#[derive(Clone, Copy)]
pub(super) struct Painter {
    color: bool,
}

impl Painter {
    pub(super) const fn new(color: bool) -> Self {
        Self { color }
    }

    /// Returns a text with escape and carriage return made visible.
    pub(super) fn plain(self, text: &str) -> String {
        text.replace('\u{1b}', "^[").replace('\r', "\\r")
    }

    /// Returns a text in a colour.
    pub(super) fn paint(self, color: Color, text: &str) -> String {
        self.wrap(color, self.plain(text))
    }

    /// Returns what is painted already, in the colour of what is around it.
    pub(super) fn wrap(self, color: Color, painted: String) -> String {
        if self.color && !painted.is_empty() {
            format!("\u{1b}[{}m{painted}\u{1b}[0m", color.code())
        } else {
            painted
        }
    }
}
