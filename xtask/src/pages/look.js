// Run in a page that has loaded: what is wrong with it, and what it shows.
(async () => {
    await document.fonts.ready;
    const problems = [];
    const brief = (element) => element.outerHTML.replace(/\s+/g, " ").slice(0, 120);
    const isShown = (element) => {
        const { width, height } = element.getBoundingClientRect();
        return width > 0 && height > 0;
    };

    const images = [...document.images];
    for (const image of images) {
        await image.decode().catch(() => {});
        if (!image.complete || image.naturalWidth === 0) problems.push(`is broken: ${brief(image)}`);
        else if (!isShown(image)) problems.push(`takes no room: ${brief(image)}`);
        if (!image.alt.trim()) problems.push(`has no alt text: ${brief(image)}`);
    }

    const drawings = [...document.querySelectorAll("svg")].filter((svg) => !svg.parentElement.closest("svg"));
    for (const svg of drawings) {
        if (svg.closest("[aria-hidden=true]")) continue; // an icon beside words
        if (!isShown(svg)) problems.push(`takes no room: ${brief(svg)}`);
        const named = svg.closest("[role=img]")?.getAttribute("aria-label") ?? svg.querySelector("title")?.textContent;
        if (!named?.trim()) problems.push(`has no alt text: ${brief(svg)}`);
        for (const image of svg.querySelectorAll("image")) {
            if (!isShown(image)) problems.push(`takes no room: ${brief(image)}`);
        }
    }

    // Not `innerWidth`: a phone zooms out until all of a page that is too wide is seen.
    const { scrollWidth: wide, clientWidth: room } = document.documentElement;
    if (wide > room) problems.push(`is ${wide} px wide`);

    // Contrast of words and what is behind them, as WCAG 2 has it: 4.5 at least.
    const rgba = (color) => color.match(/[\d.]+/g).map(Number);
    const luminance = (color) => {
        const [red, green, blue] = rgba(color).map((level) => {
            const share = level / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const color = getComputedStyle(at).backgroundColor;
            if ((rgba(color)[3] ?? 1) > 0) return color;
        }
        return matchMedia("(prefers-color-scheme: dark)").matches ? "rgb(18, 18, 18)" : "rgb(255, 255, 255)";
    };
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const seen = new Set();
    while (words.nextNode()) {
        const parent = words.currentNode.parentElement;
        const isText = words.currentNode.data.trim() && isShown(parent) && !parent.closest("script, style");
        // What stands in a drawing on a patch of the drawing's own was given its colour for that patch.
        if (!isText || parent.closest("svg [fill=black], svg [fill=white]")) continue;
        const style = getComputedStyle(parent);
        const pair = [parent.closest("svg") ? style.fill : style.color, ground(parent)];
        if (seen.has(pair.join())) continue;
        seen.add(pair.join());
        const [less, more] = pair.map(luminance).sort((a, b) => a - b);
        const contrast = (more + 0.05) / (less + 0.05);
        if (contrast < 4.5) problems.push(`has a contrast of ${contrast.toFixed(1)}: ${brief(parent)}`);
    }

    const checks = [...document.querySelectorAll("tr[data-verdict]")].map((row) => {
        const [name, limit, figure, word] = [...row.cells].map((cell) => cell.textContent);
        return [name, limit, figure, row.dataset.verdict, word];
    });
    return {
        problems,
        pictures: images.length + drawings.length,
        json: document.querySelector("link[rel=alternate][type='application/json']")?.getAttribute("href") ?? null,
        passed: document.querySelector("[data-passed]")?.dataset.passed ?? null,
        checks,
    };
})()
