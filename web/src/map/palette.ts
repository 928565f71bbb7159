// Colours of the map in both themes. What lies behind is blue and what lies ahead orange, after Okabe and Ito (2008);
// altitude is told by lightness along cividis (Nunez 2018), so that no colour-blind reader is left out.

export type Theme = "dark" | "light";

export interface Palette {
  ocean: string; land: string; lake: string; border: string; grid: string; fir: string;
  disputed: string; label: string; halo: string; chosen: string; sky: string; horizon: string; ink: string;
  past: string; ahead: string; track: string; sighting: string; unmatched: string; low: string; middle: string; high: string;
}

export const PALETTES: Record<Theme, Palette> = {
  dark: {
    ocean: "#0e1d2e", land: "#23354a", lake: "#12263a", border: "#465d76", grid: "#1a2d43",
    fir: "#4b6a8a", disputed: "#5a5348", label: "#a9bbcd", halo: "#0e1d2e", chosen: "#7cc7ff", sky: "#04070d",
    horizon: "#5fa8e6", ink: "#f2f7fc", past: "#56b4e9", ahead: "#ff9a4d", track: "#f2f7fc", sighting: "#ffd166",
    unmatched: "#ff7a45", low: "#5f83c9", middle: "#a9b3a0", high: "#ffe45c",
  },
  light: {
    ocean: "#d3e2ed", land: "#f8f6f0", lake: "#c8dbe8", border: "#b4aea1", grid: "#c4d6e3",
    fir: "#8aa3b8", disputed: "#d8cfbd", label: "#52616f", halo: "#fbfaf6", chosen: "#0068b3", sky: "#b9d4e8",
    horizon: "#ffffff", ink: "#18222d", past: "#0072b2", ahead: "#c94f00", track: "#18222d", sighting: "#9a5b00",
    unmatched: "#c2410c", low: "#b08d00", middle: "#6d727c", high: "#0b2f75",
  },
};
