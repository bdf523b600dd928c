/* Asks for the page before the program that draws it is there: the desk works it out while the browser still reads that program.
   What is sent is what the program will ask for first. The program takes the socket over as it stands, with the answers that have
   come, and its own first question is not sent a second time. Where it asks for anything else, it is sent as ever. */
(() => {
  const token = /(?:^|; )_streamlit_xsrf=([^;]*)/.exec(document.cookie)?.[1];
  if (!token) return;
  /* Where the desk is: Streamlit would first ask below the page's own address, wait, and ask again whom to obey. */
  window.__streamlit = {
    BACKEND_BASE_URL: location.origin,
    HOST_CONFIG: { allowedOrigins: [location.origin], useExternalAuthToken: false },
  };

  /* A message of Streamlit's: fields with a number, a kind (0 a number, 2 bytes) and a value. */
  const number = (value) => {
    const bytes = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    return [...bytes, Number(rest)];
  };
  const held = (field, bytes) => [(field << 3) | 2, ...number(bytes.length), ...bytes];
  const text = (field, value) => held(field, new TextEncoder().encode(value));
  const unlessEmpty = (field, value) => (value ? text(field, value) : []);
  const dark = () => {
    const chosen = localStorage.getItem(`stActiveTheme-${location.pathname}-v2`) ?? "";
    return /dark/i.test(chosen) || (!/light/i.test(chosen) && matchMedia("(prefers-color-scheme: dark)").matches);
  };
  const question = () => {
    const browser = [
      ...text(1, Intl.DateTimeFormat().resolvedOptions().timeZone), 2 << 3, ...number(new Date().getTimezoneOffset()),
      ...text(3, navigator.language), ...text(4, location.origin + location.pathname), 5 << 3, 0, ...text(6, dark() ? "dark" : "light"),
    ];
    return Uint8Array.from(
      held(11, [
        ...unlessEmpty(1, location.search.slice(1)), ...held(2, []), ...unlessEmpty(4, location.pathname.slice(1)),
        ...held(8, browser),
      ]),
    );
  };
  const same = (one, other) => one.length === other.length && one.every((byte, place) => byte === other[place]);

  const Native = window.WebSocket;
  const asked = question();
  const socket = new Native(`${location.origin.replace(/^http/, "ws")}/_stcore/stream`, ["streamlit", token]);
  let answers = []; /* null once the program has them */
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => Native.prototype.send.call(socket, asked), { once: true });
  socket.addEventListener("message", (event) => {
    if (!answers) return;
    event.stopImmediatePropagation();
    answers.push(event.data);
  });
  socket.send = (first) => {
    delete socket.send;
    if (!same(new Uint8Array(first), asked)) socket.send(first);
    setTimeout(() => {
      const come = answers;
      answers = null;
      for (const data of come) socket.dispatchEvent(new MessageEvent("message", { data }));
    });
  };
  window.WebSocket = new Proxy(Native, {
    construct(target, [address, words, ...more]) {
      window.WebSocket = Native;
      const gone = socket.readyState > Native.OPEN;
      if (gone || address !== socket.url || words?.[0] !== "streamlit" || words.length !== 2) {
        socket.close();
        return new target(address, words, ...more);
      }
      /* Whoever makes a socket listens to it at once, and then hears that it is open. */
      if (socket.readyState === Native.OPEN) setTimeout(() => socket.dispatchEvent(new Event("open")));
      return socket;
    },
  });
})();
