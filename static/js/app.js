/*
 * Makes pages quicker to use; every page works without it. ES2019, no dependencies, floor Chromium 86.
 * Elements say what they want with data- attributes; nothing here knows a page by name.
 */
(function () {
  "use strict";

  const root = document.documentElement;
  const body = document.body;
  const one = (selector, within) => (within || document).querySelector(selector);
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const length = (text) => Array.from(text.replace(/\r\n/g, "\n")).length;
  const clock = (moment) => moment.toTimeString().slice(0, 5);

  /* ---- saying something: the one live region, and a passing note for the eyes ---- */

  let fading = 0;
  function say(words, visibly) {
    const said = one("[data-said]");
    if (said) said.textContent = words;
    const toast = one("[data-toast]");
    if (toast && visibly) {
      toast.textContent = words;
      clearTimeout(fading);
      fading = setTimeout(() => { toast.textContent = ""; }, 5000);
    }
  }

  /* ---- requests of our own ---- */

  function token() {
    const field = one("input[name=csrfmiddlewaretoken]");
    return field ? field.value : "";
  }

  function renewToken(value) {
    all("input[name=csrfmiddlewaretoken]").forEach((field) => { field.value = value; });
  }

  function post(url, data, options) {
    return fetch(url, Object.assign({
      method: "POST", body: data, credentials: "same-origin", redirect: "manual", headers: { "X-CSRFToken": token() },
    }, options));
  }

  /* ---- size and colours: at once here, remembered by the server ---- */

  const OTHER = { size: { large: "normal", normal: "large" }, rows: { compact: "normal", normal: "compact" }, theme: { dark: "light", light: "dark", auto: "dark" } };
  const ON = { size: "large", theme: "dark", rows: "compact" };

  all("form[data-display]").forEach((form) => {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const name = form.dataset.display;
      const button = one("button", form);
      const data = new FormData(form);
      data.append(name, button.value);
      data.append("quietly", "1");
      root.setAttribute("data-" + name, button.value);
      button.setAttribute("aria-pressed", String(button.value === ON[name]));
      button.value = OTHER[name][button.value];
      showReading();
      post(form.action, data).catch(() => say("网络不通，显示设置没有记住。", true));
    });
  });

  /* ---- reading the page aloud, in 大字版 and where the browser can ---- */

  const reader = one("[data-read-aloud]");
  function showReading() {
    if (reader) reader.hidden = !(window.speechSynthesis && root.dataset.size === "large");
  }
  if (reader) {
    reader.addEventListener("click", () => {
      const voice = window.speechSynthesis;
      const words = one("span", reader);
      if (voice.speaking) {
        voice.cancel();
        words.textContent = "朗读本页";
        return;
      }
      /* Some engines stop after a long text, so it goes sentence by sentence. */
      const sentences = one("main").innerText.split(/[。！？；\n]+/).map((part) => part.trim()).filter(Boolean);
      sentences.forEach((sentence, index) => {
        const utterance = new SpeechSynthesisUtterance(sentence);
        utterance.lang = "zh-CN";
        if (index === sentences.length - 1) utterance.onend = () => { words.textContent = "朗读本页"; };
        voice.speak(utterance);
      });
      words.textContent = "停止朗读";
    });
    window.addEventListener("pagehide", () => { if (window.speechSynthesis) window.speechSynthesis.cancel(); });
    showReading();
  }

  /*
   * ---- typing with an input method ----
   * Nothing is searched while pinyin is being composed. Chromium's last `input` comes before `compositionend`, so the search is
   * planned there as well. Android keyboards compose every latin word: for them the wait is only longer, never blocked.
   */

  const composing = new WeakSet();
  const waiting = new WeakMap();
  const settled = new WeakMap();
  const searchable = (node) => node.matches && node.matches("[data-search], [data-filters] input:not([type]), [data-filters] input[type=text], [data-filters] input[type=search]");

  function settle(field, milliseconds) {
    clearTimeout(waiting.get(field));
    waiting.set(field, setTimeout(() => {
      const value = field.value.trim();
      if (composing.has(field) || value === (settled.get(field) || "")) return;
      settled.set(field, value);
      field.dispatchEvent(new CustomEvent("search-input", { bubbles: true, detail: value }));
    }, milliseconds));
  }

  document.addEventListener("focusin", (event) => {
    if (searchable(event.target) && !settled.has(event.target)) settled.set(event.target, event.target.value.trim());
  });
  document.addEventListener("compositionstart", (event) => {
    composing.add(event.target);
    clearTimeout(waiting.get(event.target));
  });
  document.addEventListener("compositionend", (event) => {
    composing.delete(event.target);
    if (searchable(event.target)) settle(event.target, 200);
  });
  document.addEventListener("input", (event) => {
    if (!searchable(event.target)) return;
    if (!composing.has(event.target)) settle(event.target, event.isComposing ? 900 : 350);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.isComposing || event.keyCode === 229) && event.target.tagName === "INPUT") event.preventDefault();
  });

  /* ---- how many characters are left ---- */

  function count(field) {
    const counter = document.getElementById(field.id + "_count");
    if (!counter) return;
    const most = Number(field.dataset.max);
    const used = length(field.value);
    counter.textContent = used <= most ? used + " / " + most + " 字" : "超出 " + (used - most) + " 字";
    counter.classList.toggle("counter--over", used > most);
  }
  document.addEventListener("input", (event) => { if (event.target.dataset && event.target.dataset.max) count(event.target); });
  all("[data-max]").forEach(count);

  /* ---- lists: choosing rows, and keys ---- */

  const keysOn = () => root.dataset.keys !== "off";
  const boxes = (list) => all("tbody [data-check]", list);

  function chosen(list) {
    const bar = one("[data-bulk]", list);
    let amount = 0;
    boxes(list).forEach((box) => {
      box.closest("tr").classList.toggle("is-chosen", box.checked);
      if (box.checked) amount += 1;
    });
    const everything = one("[data-check-all]", list);
    if (everything) {
      everything.checked = amount > 0 && amount === boxes(list).length;
      everything.indeterminate = amount > 0 && !everything.checked;
    }
    if (!bar) return;
    const chips = one("[data-chips]", list);
    one("[data-amount]", bar).textContent = amount;
    if (amount && chips && !chips.hidden) {      /* the bar takes the place of the chips, and goes back to the foot */
      chips.hidden = true;
      chips.parentNode.insertBefore(bar, chips);
    } else if (!amount && chips && chips.hidden) {
      chips.hidden = false;
      one("[data-bulk-place]", list).appendChild(bar);
    }
    if (amount) say("已选 " + amount + " 件");
  }

  document.addEventListener("change", (event) => {
    const box = event.target;
    const list = box.closest && box.closest("[data-list]");
    if (!list || !box.matches("[data-check], [data-check-all]")) return;
    event.stopPropagation();
    if (box.matches("[data-check-all]")) boxes(list).forEach((each) => { each.checked = box.checked; });
    chosen(list);
  }, true);

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-unchoose]");
    if (!button) return;
    const list = button.closest("[data-list]");
    boxes(list).forEach((box) => { box.checked = false; });
    chosen(list);
  });

  function move(list, step) {
    const rows = all("tbody tr", list);
    const now = rows.findIndex((row) => row.classList.contains("is-current"));
    const next = rows[Math.max(0, Math.min(rows.length - 1, now + step))];
    if (!next) return;
    rows.forEach((row) => row.classList.remove("is-current"));
    next.classList.add("is-current");
    const link = one("a", next);
    if (link) link.focus();
  }

  function typing(node) {
    return node.isContentEditable || /^(TEXTAREA|SELECT)$/.test(node.tagName)
      || (node.tagName === "INPUT" && !/^(checkbox|radio|button|submit)$/.test(node.type));
  }

  document.addEventListener("keydown", (event) => {
    if (!keysOn() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.keyCode === 229) return;
    if (typing(event.target) || one("dialog[open]")) return;
    const list = one("[data-list]");
    if (event.key === "/") {
      const field = one("[data-hotkey='/']") || one("[data-filters] input");
      if (field) { event.preventDefault(); field.focus(); }
    } else if (event.key === "?") {
      const help = document.getElementById("keys-help");
      if (help && help.showModal) help.showModal();
    } else if (list && (event.key === "j" || event.key === "k")) {
      move(list, event.key === "j" ? 1 : -1);
    } else if (list && event.key === "x") {
      const box = one("tr.is-current [data-check]", list);
      if (box) { box.checked = !box.checked; chosen(list); }
    } else if (one("[data-key='" + CSS.escape(event.key) + "']")) {
      one("[data-key='" + CSS.escape(event.key) + "']").click();
    } else if (list && event.key === "Enter" && event.target === body) {
      const link = one("tr.is-current a", list);
      if (link) link.click();
    }
  });
  all("[data-list]").forEach(chosen);

  /* ---- Ctrl+S sends the form that asks for it, as its first button would ---- */

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "s") return;
    const form = one("form[data-save]");
    if (!form || one("dialog[open]")) return;
    event.preventDefault();
    one("button[type=submit]", form).click();
  });

  /*
   * ---- drafts ----
   * The copy on the server is the draft. A copy here exists only while the server cannot be reached, under person and draft,
   * for a day at most, never for forms marked data-local="no" or on a shared phone; it goes when the server has the text.
   */

  const DAY = 24 * 60 * 60 * 1000;
  const person = body.dataset.person || "";
  const copies = {
    all() {
      try { return Object.keys(localStorage).filter((key) => key.startsWith("draft:")); } catch (error) { return []; }
    },
    read(key) {
      try { return JSON.parse(localStorage.getItem(key)); } catch (error) { return null; }
    },
    write(key, fields) {
      try { localStorage.setItem(key, JSON.stringify({ at: Date.now(), fields })); return true; } catch (error) { return false; }
    },
    drop(key) {
      try { localStorage.removeItem(key); } catch (error) { /* nothing was kept */ }
    },
  };
  copies.all().forEach((key) => {
    const copy = copies.read(key);
    const foreign = person && !key.startsWith("draft:" + person + ":");
    if (!copy || foreign || Date.now() - copy.at > DAY) copies.drop(key);
  });

  const changed = new WeakSet();

  /* What is typed; a chosen file goes once, when the form is sent. */
  function wordsOf(form) {
    const data = new FormData(form);
    all("input[type=file]", form).forEach((field) => data.delete(field.name));
    return data;
  }

  function fieldsOf(form) {
    return Array.from(new FormData(form).entries())
      .filter(([name, value]) => typeof value === "string" && !/^(csrfmiddlewaretoken|once|version)$/.test(name));
  }

  function keepDraft(form) {
    const key = "draft:" + person + ":" + form.dataset.draft;
    const local = form.dataset.local !== "no" && !body.hasAttribute("data-shared-phone") && person;
    const status = one("[data-saving]");
    let timer = 0;
    let saving = false;
    let again = false;
    let typed = 0;
    let waiting = null;

    function show(state, words) {
      if (!status) return;
      status.dataset.state = state;
      one("[data-saving-words]", status).textContent = words;
    }

    function keepHere() {
      if (local && copies.write(key, fieldsOf(form))) show("offline", "网络不通，已存在本机，联网后自动上传");
      else show("failed", "网络不通，内容还没有保存，请不要关闭本页");
    }

    async function save() {
      clearTimeout(timer);
      if (!changed.has(form)) return;
      if (saving) { again = true; return; }
      saving = true;
      const sent = typed;   /* what is typed while it is under way is not in it */
      show("saving", "正在保存…");
      try {
        const answer = await post(form.dataset.autosave, wordsOf(form));
        if (answer.status === 409) {
          show("failed", "这份草稿已在别处修改，本页内容没有保存");
          say("这份草稿已在别处修改，本页内容没有保存。请另开一页查看最新内容。", true);
        } else if (answer.status === 422) {
          const refusal = await answer.json();
          show("failed", refusal.sentence);
          say(refusal.sentence, true);
        } else if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
          show("failed", "登录已过期，内容还没有保存。请在新窗口登录，再回到本页");
        } else if (!answer.ok) {
          throw new Error(String(answer.status));
        } else {
          const saved = await answer.json();
          const version = one("input[name=version]", form);
          if (version && saved.version !== undefined) version.value = saved.version;
          copies.drop(key);
          if (typed === sent) changed.delete(form);
          show("saved", "草稿已保存 " + clock(new Date()));
        }
      } catch (error) {
        keepHere();
        timer = setTimeout(save, 15000);
      }
      saving = false;
      if (waiting) {
        const button = waiting;
        waiting = null;
        button.click();
      } else if (again) { again = false; save(); }
    }

    form.addEventListener("input", () => { typed += 1; changed.add(form); clearTimeout(timer); timer = setTimeout(save, 3000); });
    form.addEventListener("change", save);
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") save(); });
    window.addEventListener("online", save);
    form.addEventListener("submit", (event) => {
      clearTimeout(timer);
      if (saving && event.submitter) {
        /* The answer brings the draft's new version; sent with the old one, the form would be refused as overtaken. */
        waiting = event.submitter;
        event.preventDefault();
        event.stopImmediatePropagation();
        return;
      }
      copies.drop(key);
    });

    const copy = local ? copies.read(key) : null;
    if (copy && status) offer(form, key, copy, status);
  }

  function offer(form, key, copy, status) {
    const words = document.createElement("span");
    words.textContent = "本机存有 " + clock(new Date(copy.at)) + " 没有上传的内容。";
    const take = document.createElement("button");
    const leave = document.createElement("button");
    take.type = leave.type = "button";
    take.className = leave.className = "button";
    take.textContent = "恢复";
    leave.textContent = "不要了";
    take.addEventListener("click", () => {
      copy.fields.forEach(([name, value]) => {
        all("[name='" + CSS.escape(name) + "']", form).forEach((field) => {
          if (/^(checkbox|radio)$/.test(field.type)) field.checked = field.value === value;
          else if (field.type !== "file") field.value = value;
        });
      });
      all("[data-max]", form).forEach(count);
      [words, take, leave].forEach((node) => node.remove());
      form.dispatchEvent(new Event("input", { bubbles: true }));
    });
    leave.addEventListener("click", () => { copies.drop(key); [words, take, leave].forEach((node) => node.remove()); });
    status.append(words, take, leave);
  }

  all("form[data-autosave]").forEach(keepDraft);

  /* ---- sending a form: once, not unsaved by accident, not into an expired sign-in ---- */

  const leaving = new WeakSet();

  all("form[data-guard]").forEach((form) => {
    form.addEventListener("input", () => changed.add(form));
    form.addEventListener("submit", (event) => {
      if (leaving.has(form)) { event.preventDefault(); return; }
      if (endsAt && Date.now() > endsAt) {
        event.preventDefault();
        signedOut();
        return;
      }
      leaving.add(form);
      changed.delete(form);
      /* After the form's own values have been taken, the buttons show that it is on its way. */
      setTimeout(() => all("button[type=submit]", form).forEach((button) => button.setAttribute("aria-disabled", "true")), 0);
    });
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    all("form[data-guard]").forEach((form) => {
      leaving.delete(form);
      all("button[aria-disabled]", form).forEach((button) => button.removeAttribute("aria-disabled"));
    });
  });
  window.addEventListener("beforeunload", (event) => {
    if (all("form[data-guard], form[data-autosave]").some((form) => changed.has(form) && !leaving.has(form))) {
      event.preventDefault();
      event.returnValue = "";
    }
  });

  /* ---- choosing by typing: a long list grows a line that narrows it, a box of names a line that adds to it ---- */

  function lineBefore(field, words) {
    const label = one("label[for='" + CSS.escape(field.id) + "']");
    const line = document.createElement("input");
    line.type = "search";
    line.autocomplete = "off";
    line.className = "finder";
    line.placeholder = words;
    line.setAttribute("aria-label", words + (label ? "：" + label.textContent.trim() : ""));
    field.parentNode.insertBefore(line, field);
    return line;
  }

  all("select[data-long]").forEach((select) => {
    const options = Array.from(select.options);
    const line = lineBefore(select, "输入名称或拼音，缩小下面的范围");
    const narrow = () => {
      const typed = line.value.trim().toLowerCase();
      const found = options.filter((option) => option.value && (option.text + " " + (option.dataset.find || "")).toLowerCase().includes(typed));
      const chosen = typed && found.length === 1 ? found[0] : select.selectedOptions[0];
      select.textContent = "";
      options.filter((option) => !option.value || option === chosen || found.includes(option)).forEach((option) => select.appendChild(option));
      if (chosen) chosen.selected = true;
      if (typed) say(found.length === 1 ? "已选" + found[0].text : "找到 " + found.length + " 个");
    };
    line.addEventListener("input", (event) => { if (!event.isComposing) narrow(); });
    line.addEventListener("compositionend", narrow);
    line.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing && event.keyCode !== 229) { event.preventDefault(); select.focus(); }
    });
  });

  all("textarea[data-names]").forEach((box) => {
    const names = document.getElementById(box.dataset.names);
    if (!names) return;
    const line = lineBefore(box, "输入名称，从提示中选择后加入下面");
    line.setAttribute("list", names.id);
    const add = () => {
      const name = line.value.trim();
      if (!name) return;
      if (!box.value.split("\n").includes(name)) box.value = box.value.trim() ? box.value.trim() + "\n" + name : name;
      line.value = "";
      say("已加入" + name);
    };
    /* A name taken from the list comes in at once; typed ones wait for Enter or for leaving the line. */
    line.addEventListener("input", (event) => {
      if (!event.inputType || event.inputType === "insertReplacementText") add();
    });
    line.addEventListener("change", add);
    line.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing && event.keyCode !== 229) { event.preventDefault(); add(); }
    });
  });

  /* ---- the end of the sign-in: a warning five minutes before, and a way to stay ---- */

  const WARN_BEFORE = 5 * 60 * 1000;
  const warning = one("[data-session-warning]");
  let endsAt = 0;
  let warnTimer = 0;

  function plan(seconds) {
    endsAt = Date.now() + seconds * 1000;
    clearTimeout(warnTimer);
    warnTimer = setTimeout(warn, Math.min(Math.max(endsAt - Date.now() - WARN_BEFORE, 0), 2147483647));
  }

  function warn() {
    const left = endsAt - Date.now();
    if (left > WARN_BEFORE) { plan(left / 1000); return; }
    if (left <= 0) { signedOut(); return; }
    const minutes = Math.max(1, Math.ceil(left / 60000));
    one("[data-minutes]", warning).textContent = minutes;
    if (warning.hidden) say("登录将在 " + minutes + " 分钟后到期，可以延长。");
    warning.hidden = false;
    warnTimer = setTimeout(warn, 30000);
  }

  async function stay() {
    try {
      const answer = await fetch(body.dataset.sessionUrl, { credentials: "same-origin", cache: "no-store" });
      const state = await answer.json();
      if (!state.signed_in || state.person !== person) { signedOut(); return; }
      renewToken(state.csrf);
      warning.hidden = true;
      plan(state.seconds);
      say("登录已延长。", true);
    } catch (error) {
      say("网络不通，登录没有延长。", true);
    }
  }

  function signedOut() {
    if (!warning) return;
    const link = document.createElement("a");
    link.className = "link";
    link.href = "/accounts/login/";
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = "在新窗口登录";
    const back = document.createElement("button");
    back.type = "button";
    back.className = "button";
    back.textContent = "已经登录，继续";
    back.addEventListener("click", () => { location.hash = ""; endsAt = 0; stay(); });
    const words = document.createElement("span");
    words.textContent = "登录已过期，本页内容还在。";
    warning.textContent = "";
    const minutes = document.createElement("b");
    minutes.setAttribute("data-minutes", "");
    minutes.hidden = true;
    warning.append(words, link, back, minutes);
    warning.hidden = false;
    say("登录已过期，本页内容还在。请在新窗口登录，再回到本页继续。", true);
  }

  if (warning && Number(body.dataset.session)) {
    plan(Number(body.dataset.session));
    one("[data-extend]", warning).addEventListener("click", stay);
  }

  /* ---- signing out leaves nothing behind ---- */

  all("form[data-sign-out]").forEach((form) => form.addEventListener("submit", () => {
    copies.all().forEach(copies.drop);
    try { sessionStorage.clear(); } catch (error) { /* not allowed here, so nothing is in it */ }
  }));

  /* ---- a form that came back with errors ---- */

  const summary = one("[data-focus]");
  if (summary) summary.focus();
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest(".error-summary a");
    if (!link) return;
    const field = document.getElementById(link.hash.slice(1));
    const control = field && (field.matches("input, select, textarea") ? field : one("input, select, textarea", field));
    if (control) { event.preventDefault(); control.focus(); control.scrollIntoView({ block: "center" }); }
  });

  /* ---- copying text, for a group chat ---- */

  all("[data-copy]").forEach((button) => { button.hidden = false; });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest && event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.value || source.innerText);
      say("已复制。", true);
    } catch (error) {
      const range = document.createRange();
      range.selectNodeContents(source);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      say("已选中文字，请用系统的复制。", true);
    }
  });
  /* The code of a slip stands behind the # of its QR code: no server is sent it, and it leaves the address at once. */
  const printed = one("[data-from-hash]");
  if (printed && location.hash.length > 1) {
    printed.value = location.hash.slice(1);
    history.replaceState(null, "", location.pathname + location.search);
  }

  all("[data-print]").forEach((button) => { button.hidden = false; button.addEventListener("click", () => window.print()); });

  /* ---- htmx: a sign-in page is not a fragment; what changed is said ---- */

  document.addEventListener("htmx:beforeSwap", (event) => {
    const where = event.detail.xhr.responseURL || "";
    if (where.includes("/accounts/login/")) { event.detail.shouldSwap = false; location.reload(); }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const news = one("[data-announce]", event.target.closest("[data-list]") || event.target);
    if (news) say(news.textContent);
    all("[data-list]").forEach(chosen);
  });
  ["htmx:sendError", "htmx:responseError"].forEach((name) => document.addEventListener(name, () => say("网络不通或服务出错，请稍后再试。", true)));
})();
