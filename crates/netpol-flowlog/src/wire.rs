//! How fields look in JSON (JSN): one trait for every type of field, and two macros that declare messages
//! and enumerations with their names on the wire.

use std::fmt;
use std::marker::PhantomData;

use netpol_core::IdentityId;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// What can be the value of a field.
pub(crate) trait Field: Sized {
    /// Tells whether the field is left out (JSN-3).
    fn is_absent(&self) -> bool;

    /// Writes a field that is not left out.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads a value that is not null.
    fn read_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// Reads a value; null stands for an absent field.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>
    where
        Self: Default,
    {
        let present = Option::<Present<Self>>::deserialize(deserializer)?;
        Ok(present.map(|Present(value)| value).unwrap_or_default())
    }
}

/// A value that is not null, to be used with serde's own types.
struct Present<T>(T);

impl<'de, T: Field> Deserialize<'de> for Present<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read_present(deserializer).map(Present)
    }
}

struct Written<'a, T>(&'a T);

impl<T: Field> Serialize for Written<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

impl Field for bool {
    fn is_absent(&self) -> bool {
        !*self
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }

    fn read_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

impl Field for String {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }

    fn read_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

impl Field for u32 {
    fn is_absent(&self) -> bool {
        *self == 0
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(*self)
    }

    fn read_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        integer(deserializer)
    }
}

impl Field for i32 {
    fn is_absent(&self) -> bool {
        *self == 0
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(*self)
    }

    fn read_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        integer(deserializer)
    }
}

impl Field for u64 {
    fn is_absent(&self) -> bool {
        *self == 0
    }

    // JSN-5
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }

    fn read_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        integer(deserializer)
    }
}

impl Field for IdentityId {
    fn is_absent(&self) -> bool {
        *self == Self::UNKNOWN
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.number())
    }

    fn read_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        integer(deserializer).map(Self::new)
    }
}

impl Field for serde_json::Value {
    fn is_absent(&self) -> bool {
        self.is_null()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn read_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

impl<T: Field> Field for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Written))
    }

    fn read_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = Vec::<Present<T>>::deserialize(deserializer)?;
        Ok(values.into_iter().map(|Present(value)| value).collect())
    }
}

/// A message, or a value whose presence says something: kept whatever it holds (JSN-3).
impl<T: Field> Field for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(serializer),
            None => serializer.serialize_none(),
        }
    }

    fn read_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read_present(deserializer).map(Some)
    }
}

impl<T: Field> Field for Box<T> {
    fn is_absent(&self) -> bool {
        T::is_absent(self)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::write(self, serializer)
    }

    fn read_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read_present(deserializer).map(Self::new)
    }
}

/// Reads an integer, written as a number or as text (JSN-8).
fn integer<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128>,
{
    deserializer.deserialize_any(IntegerVisitor).and_then(in_range)
}

fn in_range<N: Copy + fmt::Display, T: TryFrom<N>, E: de::Error>(number: N) -> Result<T, E> {
    T::try_from(number).map_err(|_| E::custom(format_args!("`{number}` is out of range")))
}

struct IntegerVisitor;

impl Visitor<'_> for IntegerVisitor {
    type Value = i128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<i128, E> {
        Ok(number.into())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<i128, E> {
        Ok(number.into())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<i128, E> {
        let not_a_number = || E::custom(format_args!("`{text}` is not an integer"));
        text.parse().ok().filter(|_| !text.starts_with('+')).ok_or_else(not_a_number)
    }
}

/// An enumeration whose numbers need no name.
pub(crate) trait OpenEnum: Sized {
    /// The numbers that have one, with their names.
    const NAMES: &'static [(i32, &'static str)];

    /// Returns the value with a number.
    fn from_number(number: i32) -> Self;
}

/// Reads a value of an enumeration, written by name or as a number (JSN-4, JSN-8).
pub(crate) fn read_enum<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: OpenEnum,
{
    deserializer.deserialize_any(EnumVisitor(PhantomData))
}

struct EnumVisitor<T>(PhantomData<T>);

impl<T: OpenEnum> Visitor<'_> for EnumVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name or a number")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        in_range(number).map(T::from_number)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        in_range(number).map(T::from_number)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        let row = T::NAMES.iter().find(|(_, name)| *name == text);
        let unknown = || E::custom(format_args!("`{text}` is not a known name"));
        row.map(|(number, _)| T::from_number(*number)).ok_or_else(unknown)
    }
}

/// Declares a message: its fields in the order of JSON, with their names there, and behind `|` the other
/// spelling that readers accept (JSN-2, JSN-8).
macro_rules! message {
    (
        $(#[$meta:meta])*
        $visibility:vis struct $message:ident {
            $($(#[$field_meta:meta])* $field:ident: $type:ty = $name:literal $(| $alias:literal)?,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        $visibility struct $message {
            $(
                $(#[$field_meta])*
                #[serde(
                    rename = $name,
                    $(alias = $alias,)?
                    skip_serializing_if = "crate::wire::Field::is_absent",
                    serialize_with = "crate::wire::Field::write",
                    deserialize_with = "crate::wire::Field::read"
                )]
                pub $field: $type,
            )*
        }

        crate::wire::field_of_message!($message);
    };
}

/// Lets a type with serde's traits be the value of a field.
macro_rules! field_of_message {
    ($message:ident) => {
        impl crate::wire::Field for $message {
            fn is_absent(&self) -> bool {
                false
            }

            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(self, serializer)
            }

            fn read_present<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                serde::Deserialize::deserialize(deserializer)
            }
        }
    };
}

/// Declares an enumeration: constants, numbers and names in JSON.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub struct $enum:ident { $($constant:ident = $number:literal $name:literal,)* }
    ) => {
        $(#[$meta])*
        ///
        /// Numbers without a name are kept as they are (JSN-4). The text is the name, or else the number.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $enum(i32);

        impl $enum {
            $(
                #[doc = concat!("The value named `", $name, "`.")]
                pub const $constant: Self = Self($number);
            )*

            /// Returns the value with this number.
            #[must_use]
            pub const fn new(number: i32) -> Self {
                Self(number)
            }

            /// Returns the number.
            #[must_use]
            pub const fn number(self) -> i32 {
                self.0
            }

            /// Returns the name in JSON, if the number has one.
            #[must_use]
            pub fn name(self) -> Option<&'static str> {
                let names = <Self as crate::wire::OpenEnum>::NAMES;
                names.iter().find(|(number, _)| *number == self.0).map(|(_, name)| *name)
            }
        }

        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => write!(f, "{}", self.0),
                }
            }
        }

        impl crate::wire::OpenEnum for $enum {
            const NAMES: &'static [(i32, &'static str)] = &[$(($number, $name)),*];

            fn from_number(number: i32) -> Self {
                Self(number)
            }
        }

        impl crate::wire::Field for $enum {
            fn is_absent(&self) -> bool {
                self.0 == 0
            }

            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self.name() {
                    Some(name) => serializer.serialize_str(name),
                    None => serializer.serialize_i32(self.0),
                }
            }

            fn read_present<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                crate::wire::read_enum(deserializer)
            }
        }
    };
}

pub(crate) use {field_of_message, message, open_enum};
