import { AbsoluteFill, interpolate, useCurrentFrame } from "remotion";
import { z } from "zod";

export const schema = z.object({
  title: z.string().default("Now shipping").describe("The headline"),
  subtitle: z.string().default("").describe("The line below it"),
  accentColor: z.string().default("#5b21b6").describe("The colour behind the text"),
});

export default function Scene({ title, subtitle, accentColor }: z.infer<typeof schema>) {
  const opacity = interpolate(useCurrentFrame(), [0, 15], [0, 1], { extrapolateLeft: "clamp", extrapolateRight: "clamp" });
  return (
    <AbsoluteFill style={{ backgroundColor: accentColor, opacity }}>
      <h1>{title}</h1>
      <p>{subtitle}</p>
    </AbsoluteFill>
  );
}
