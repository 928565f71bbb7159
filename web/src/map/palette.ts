// Colours of the map in both themes. What lies behind is blue and what lies ahead orange, after Okabe and Ito (2008);
// altitude is told by lightness along cividis (Nunez 2018), so that no colour-blind reader is left out.

export type Theme = "dark" | "light";

export interface Palette {
  ocean: string; land: string; lake: string; border: string; coast: string; grid: string; fir: string;
  disputed: string; label: string; halo: string; chosen: string; sky: string; horizon: string; ink: string;
  past: string; ahead: string; track: string; sighting: string; unmatched: string; low: string; middle: string; high: string;
}

export const PALETTES: Record<Theme, Palette> = {
  dark: {
    ocean: "#0b1622", land: "#1b2937", lake: "#0e1c2b", border: "#3b4f63", coast: "#41586e", grid: "#16263a",
    fir: "#4b6a8a", disputed: "#5a5348", label: "#9fb2c5", halo: "#0b1622", chosen: "#7cc7ff", sky: "#04070d",
    horizon: "#5fa8e6", ink: "#f2f7fc", past: "#56b4e9", ahead: "#ff9a4d", track: "#f2f7fc", sighting: "#ffd166",
    unmatched: "#ff7a45", low: "#5f83c9", middle: "#a9b3a0", high: "#ffe45c",
  },
  light: {
    ocean: "#d3e2ed", land: "#f8f6f0", lake: "#c8dbe8", border: "#b4aea1", coast: "#93a6b4", grid: "#c4d6e3",
    fir: "#8aa3b8", disputed: "#d8cfbd", label: "#52616f", halo: "#fbfaf6", chosen: "#0068b3", sky: "#b9d4e8",
    horizon: "#ffffff", ink: "#18222d", past: "#0072b2", ahead: "#c94f00", track: "#18222d", sighting: "#9a5b00",
    unmatched: "#c2410c", low: "#b08d00", middle: "#6d727c", high: "#0b2f75",
  },
};
