import "./login.ts";
