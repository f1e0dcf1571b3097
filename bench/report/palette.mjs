// Colours of the page and of its charts, light and dark; a test holds them to WCAG 2.2, level AA.

/** By theme: page and text; bars of pollwire and of others, and the line of the rounds over them. */
export const PALETTE = {
  light: {
    page: "#fcfcfb",
    ink: "#0b0b0b",
    soft: "#52514e",
    line: "#dddcd5",
    ours: "#2a78d6",
    others: "#85837d",
    failed: "#b3261e",
    busy: "#8a4b00",
  },
  dark: {
    page: "#1a1a19",
    ink: "#ffffff",
    soft: "#c3c2b7",
    line: "#45443f",
    ours: "#3b82dc",
    others: "#807e78",
    failed: "#ff8a80",
    busy: "#ffb74d",
  },
};

/** Custom properties of a theme, as CSS declarations. */
export function declarations(theme) {
  return Object.entries(PALETTE[theme]).map(([name, color]) => `--${name}: ${color};`).join(" ");
}

/** The contrast ratio of two colours (WCAG 2.2, "contrast ratio"). */
export function contrast(one, other) {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function luminance(color) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
