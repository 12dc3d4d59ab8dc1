import { hideFields, type HeaderFields } from "@tokenflight/core";
import type { AxiosError, InternalAxiosRequestConfig } from "axios";

/** Makes the error of an adapter that got a private config what it would be with the caller's: the same object, without the token. */
export function cleanError(
  error: unknown,
  config: InternalAxiosRequestConfig,
  sent: InternalAxiosRequestConfig,
  fields: HeaderFields,
): void {
  if (typeof error !== "object" || error === null) return;
  const shown = error as Partial<AxiosError>;
  if (isPrivate(shown.config, sent, fields)) shown.config = config;
  if (shown.response != null && isPrivate(shown.response.config, sent, fields)) shown.response.config = config;
  hideFields(shown.request, fields);
  hideFields(shown.response?.request, fields);
  if (sent.timeout !== config.timeout)
    renameTimeout(shown, `timeout of ${sent.timeout}ms exceeded`, `timeout of ${config.timeout}ms exceeded`);
}

/** Some errors of axios show a copy of the config that the adapter got. */
function isPrivate(shown: InternalAxiosRequestConfig | undefined, sent: InternalAxiosRequestConfig, fields: HeaderFields): boolean {
  if (shown === sent) return true;
  const headers = Object.values(shown?.headers ?? {});
  return Object.values(fields).some((value) => headers.includes(value));
}

/** The adapter was given what the wait for a token had left of the timeout, and its error names that. */
function renameTimeout(shown: Partial<AxiosError>, from: string, to: string): void {
  if (shown.message !== from) return;
  shown.message = to;
  if (shown.stack !== undefined) shown.stack = shown.stack.replace(from, to);
}
