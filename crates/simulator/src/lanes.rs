//! Lanes between European cities.

use crate::journey::City;

macro_rules! cities {
    ($($id:ident = $name:literal, $lat:literal, $lon:literal;)+) => {
        $(const $id: City = City { name: $name, lat: $lat, lon: $lon };)+
    };
}

cities! {
    AMSTERDAM = "Amsterdam", 52.37, 4.90;
    BARCELONA = "Barcelona", 41.39, 2.17;
    BASEL = "Basel", 47.56, 7.59;
    BERLIN = "Berlin", 52.52, 13.40;
    COPENHAGEN = "Copenhagen", 55.68, 12.57;
    LEUVEN = "Leuven", 50.88, 4.70;
    LYON = "Lyon", 45.76, 4.84;
    MADRID = "Madrid", 40.42, -3.70;
    MAINZ = "Mainz", 50.00, 8.27;
    MILAN = "Milan", 45.46, 9.19;
    MUNICH = "Munich", 48.14, 11.58;
    PARIS = "Paris", 48.86, 2.35;
    PRAGUE = "Prague", 50.08, 14.44;
    ROME = "Rome", 41.90, 12.50;
    STOCKHOLM = "Stockholm", 59.33, 18.07;
    VIENNA = "Vienna", 48.21, 16.37;
    WARSAW = "Warsaw", 52.23, 21.01;
    ZURICH = "Zurich", 47.37, 8.54;
}

/// From, to, and the hours that the way takes.
pub const LANES: [(City, City, i64); 12] = [
    (BASEL, VIENNA, 11),
    (LEUVEN, MADRID, 20),
    (MAINZ, STOCKHOLM, 19),
    (LYON, ROME, 12),
    (BASEL, BERLIN, 10),
    (COPENHAGEN, MUNICH, 13),
    (AMSTERDAM, WARSAW, 14),
    (ZURICH, PARIS, 9),
    (BARCELONA, MILAN, 12),
    (LEUVEN, PRAGUE, 11),
    (MAINZ, ZURICH, 8),
    (LYON, BERLIN, 14),
];
