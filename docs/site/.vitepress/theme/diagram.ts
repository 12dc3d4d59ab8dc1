import { useData, withBase } from "vitepress";
import { defineComponent, h, onMounted, ref, useId, watch } from "vue";

interface Mermaid {
  initialize(options: object): void;
  render(id: string, source: string): Promise<{ svg: string }>;
}

/** Draws a diagram in the colours of the page. Until it is drawn, and without scripts, a reader has its source. */
export const Diagram = defineComponent({
  props: { source: { type: String, required: true } },
  setup(props) {
    const source = decodeURIComponent(props.source);
    const drawing = ref("");
    /** Pixels that it has with letters as large as those of the page. */
    const width = ref(0);
    const id = `diagram-${useId()}`;
    const { isDark } = useData();
    const draw = async (): Promise<void> => {
      const mermaid = await loadMermaid();
      mermaid.initialize({
        startOnLoad: false,
        theme: isDark.value ? "dark" : "neutral",
        fontFamily: "system-ui, sans-serif",
        flowchart: { wrappingWidth: 320 },
      });
      const { svg } = await mermaid.render(id, source);
      drawing.value = svg;
      width.value = Number(/max-width: ([\d.]+)px/.exec(svg)?.[1]);
    };
    onMounted(() => watch(isDark, draw, { immediate: true }));
    return () =>
      drawing.value === ""
        ? h("pre", { class: "diagram", tabindex: 0 }, h("code", source))
        : h("div", { class: "diagram", tabindex: 0, innerHTML: drawing.value, style: { "--drawn-width": `${width.value}px` } });
  },
});

let loading: Promise<Mermaid> | undefined;

function loadMermaid(): Promise<Mermaid> {
  return (loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = withBase("/mermaid.js");
    script.addEventListener("load", () => resolve((globalThis as unknown as { mermaid: Mermaid }).mermaid));
    script.addEventListener("error", () => reject(new Error("Mermaid could not be loaded.")));
    document.head.append(script);
  }));
}
