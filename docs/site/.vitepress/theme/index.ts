import type { Theme } from "vitepress";
import DefaultTheme from "vitepress/theme-without-fonts";
import { Diagram } from "./diagram.ts";
import "./page.css";
import "./tables.css";

export default {
  extends: DefaultTheme,
  enhanceApp: ({ app }) => void app.component("Diagram", Diagram),
} satisfies Theme;
