import { useEffect, useRef } from "react";
import { useLocation } from "wouter";

const most = 50; // pages whose place is kept
const places = new Map<string, number>();
let back = false;

/**
 * A new page begins at its top; back and forward return to where one was, once what was
 * there has been drawn again.
 */
export function useScrollMemory() {
  const [path] = useLocation();
  const shown = useRef(path);
  useEffect(() => {
    history.scrollRestoration = "manual";
    const pop = () => {
      back = true;
    };
    const note = () => {
      places.delete(shown.current);
      places.set(shown.current, window.scrollY);
      const oldest = places.keys().next().value;
      if (places.size > most && oldest !== undefined) places.delete(oldest);
    };
    window.addEventListener("popstate", pop);
    window.addEventListener("scroll", note, { passive: true });
    return () => {
      window.removeEventListener("popstate", pop);
      window.removeEventListener("scroll", note);
    };
  }, []);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    const to = back ? (places.get(path) ?? 0) : 0;
    back = false;
    let tries = 60; // frames
    const go = () => {
      window.scrollTo(0, to);
      tries--;
      if (tries > 0 && Math.abs(window.scrollY - to) > 1) frame = requestAnimationFrame(go);
    };
    let frame = requestAnimationFrame(go);
    const stop = () => cancelAnimationFrame(frame);
    window.addEventListener("wheel", stop, { once: true, passive: true });
    return stop;
  }, [path]);
}
