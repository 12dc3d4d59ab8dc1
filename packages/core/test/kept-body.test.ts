import { FormData as UndiciFormData } from "undici";
import { describe, expect, it } from "vitest";
import { canSendAgain, keepBody } from "../src/request/body.ts";

type Body = RequestInit["body"];

const bytesOf = async (body: Body): Promise<string> => new Response(body).text();

describe("a body that is kept is as it was, whatever becomes of the caller's (field line 112)", () => {
  it.each<[string, () => ArrayBufferView<ArrayBuffer> | ArrayBuffer]>([
    ["a Uint8Array", () => new Uint8Array([97, 98, 99])],
    ["a Buffer", () => Buffer.from("abc")],
    ["a part of a buffer", () => new Uint8Array(new Uint8Array([0, 97, 98, 99, 0]).buffer, 1, 3)],
    ["a DataView", () => new DataView(new Uint8Array([97, 98, 99]).buffer)],
    ["numbers of two bytes", () => new Uint16Array(new Uint8Array([97, 98, 99, 100]).buffer)],
    ["an ArrayBuffer", () => new Uint8Array([97, 98, 99]).buffer],
  ])("%s", async (_name, make) => {
    const body = make();
    const before = await bytesOf(body);
    const kept = keepBody(body);
    const [buffer, offset] = ArrayBuffer.isView(body) ? [body.buffer, body.byteOffset] : [body, 0];
    new Uint8Array(buffer, offset, body.byteLength).fill(0);
    expect(await bytesOf(kept)).toBe(before);
    expect(canSendAgain(kept)).toBe(true);
    expect(Buffer.isBuffer(kept)).toBe(Buffer.isBuffer(body));
    const asBuffer = keepBody(kept, true);
    new Uint8Array(ArrayBuffer.isView(kept) ? kept.buffer : kept, ArrayBuffer.isView(kept) ? kept.byteOffset : 0, kept.byteLength).fill(0);
    expect([Buffer.isBuffer(asBuffer), await bytesOf(asBuffer)]).toEqual([true, before]);
  });

  it("a list of them, as clients take it", () => {
    const bytes = Buffer.from("abc");
    const kept = keepBody(["text", bytes]);
    bytes.fill(0);
    expect(kept).toEqual(["text", Buffer.from("abc")]);
    expect(canSendAgain(kept)).toBe(true);
  });

  it("parameters, with names that occur twice, in their order", () => {
    const body = new URLSearchParams("b=1&a=2&b=3&%20=%26");
    const kept = keepBody(body);
    body.append("c", "4");
    expect([kept instanceof URLSearchParams, (kept as URLSearchParams).toString()]).toEqual([true, "b=1&a=2&b=3&+=%26"]);
  });

  it.each([FormData, UndiciFormData as unknown as typeof FormData])(
    "a form of whichever class, files with their names and types",
    (Form) => {
      const body = new Form();
      body.append("text", "größer");
      body.append("text", "again");
      body.append("file", new File(["x"], "näme.bin", { type: "application/x-a" }));
      const kept = keepBody(body) as FormData;
      body.delete("text");
      expect(Object.getPrototypeOf(kept)).toBe(Object.getPrototypeOf(body));
      expect(kept.getAll("text")).toEqual(["größer", "again"]);
      expect(kept.get("file")).toMatchObject({ name: "näme.bin", type: "application/x-a", size: 1 });
    },
  );

  it("what cannot change, and what cannot be copied, is not copied", () => {
    for (const body of ["text", new Blob(["x"]), new ReadableStream(), null, undefined] as Body[]) expect(keepBody(body)).toBe(body);
  });
});
