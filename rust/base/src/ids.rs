//! Typed dense indices, so that a port number is never used where a net number is meant.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The id as an index into the column or vector it numbers.
            #[inline]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl From<usize> for $name {
            /// # Panics
            /// When more than `u32::MAX` items are numbered; readers refuse such input long before.
            #[inline]
            fn from(i: usize) -> Self {
                Self(u32::try_from(i).expect("more than 2^32 items"))
            }
        }
    };
}

id!(
    /// A cell of the layout.
    CellId
);
id!(
    /// A row of the layer table (a GDS layer and datatype pair).
    LayerId
);
id!(
    /// A placed device, waveguides included.
    DeviceId
);
id!(
    /// A port of a placed device.
    PortId
);
id!(
    /// A placed waveguide.
    WaveguideId
);
id!(
    /// A joint of ports.
    NetId
);
