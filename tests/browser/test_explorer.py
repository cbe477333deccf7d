"""The decoder in the browser against PyTorch's, and the explorer under a hand."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from playwright.sync_api import Page, WebSocket, expect
from torch import nn

from latentlab import device
from latentlab.analysis.latent.support import neighbour_distance
from latentlab.analysis.latent.traversal import Decode, half_width
from latentlab.data import Kind
from latentlab.export.class_decoder import unroll_as
from latentlab.export.decoder import unroll
from latentlab.export.program import Program
from latentlab.models import Conditional
from latentlab.models.parts.encoder_decoder import EncoderDecoder
from latentlab.models.vae.vae import VAE
from latentlab.nn.initialise import initialise
from latentlab.runs.run import Run
from latentlab.runs.store import SHIPPED, Store
from pages.components import EXAMPLES, WIRE, sources
from tests.browser.conftest import Server, address, choose, drawn, parameter, resting, settled, until
from tests.conftest import ROOT

SOURCES = ROOT / "pages" / "components" / "explorer"
PIXELS = """(image) => {
  const {data} = image.getContext('2d').getImageData(0, 0, image.width, image.height);
  return Array.from(data.filter((_, i) => i % 4 === 0));
}"""


def in_browser(page: Page, program: Program, codes: torch.Tensor) -> NDArray[np.float32]:
    """What the browser makes of codes."""
    page.goto("about:blank")
    page.add_script_tag(content=WIRE + sources("explorer", "decoder.js"))
    out = page.evaluate(
        """([text, codes]) => {
          const program = parse(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
          return codes.map((z) => Array.from(run(program, Float32Array.from(z))));
        }""",
        [base64.b64encode(program.to_bytes()).decode(), codes.tolist()],
    )
    return np.asarray(out, np.float32).reshape(len(codes), *program.shape)


def pixels(page: Page, canvas: str = "canvas.image") -> list[int]:
    """The gray levels of the decoded image as they are on the screen."""
    shown: list[int] = page.locator(canvas).evaluate(PIXELS)
    return shown


def told(decode: Decode, network: nn.Module, z_dim: int) -> Program:
    return unroll(decode, network, z_dim, np.zeros(z_dim, np.float32), np.ones(z_dim, np.float32))


VAES = [run.id for run in Store(SHIPPED).runs(EncoderDecoder) if "-vae" in run.id and run.spec.kind is Kind.IMAGE]


@pytest.mark.parametrize("run_id", VAES)
def test_every_shipped_decoder_agrees_to_two_gray_levels(page: Page, run_id: str) -> None:
    model = Store.default().load(run_id)
    assert isinstance(model, EncoderDecoder)
    codes = 1.5 * torch.randn(64, model.z_dim, generator=device.generator(0))
    got = in_browser(page, told(model.decode, model, model.z_dim), codes)
    assert np.abs(got - model.decode(codes).numpy()).max() <= 2 / 255


@pytest.mark.parametrize("run", Store(SHIPPED).runs(Conditional), ids=lambda run: str(run.id))
def test_every_shipped_decoder_of_style_and_class_agrees_to_two_gray_levels(page: Page, run: Run) -> None:
    model, k = Store(SHIPPED).load(run.id), len(run.classes)
    assert isinstance(model, Conditional)
    z, y = 1.5 * torch.randn(40, model.z_dim, generator=device.generator(0)), torch.arange(40) % k
    codes = torch.cat([z, torch.eye(k)[y]], 1)
    got = in_browser(page, unroll_as(model.decode, model, model.z_dim, k), codes)
    with torch.no_grad():
        assert np.abs(got - model.decode(z, y).numpy()).max() <= 2 / 255


@pytest.mark.parametrize(
    "middle",
    [
        nn.Sequential(
            nn.LeakyReLU(0.2), nn.Unflatten(1, (3, 5, 4)), nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.GELU()
        ),
        nn.Sequential(nn.ELU(0.7), nn.Unflatten(1, (3, 5, 4)), nn.Conv2d(3, 2, (3, 2), stride=(1, 2)), nn.SiLU()),
        nn.Sequential(nn.Tanh(), nn.Unflatten(1, (3, 5, 4)), nn.ConvTranspose2d(3, 4, 4, 2, 1), nn.Softplus()),
        nn.Sequential(nn.ReLU(), nn.Unflatten(1, (3, 5, 4)), nn.ConvTranspose2d(3, 2, (2, 3), (1, 2), (0, 1), (0, 1))),
        nn.Sequential(nn.Sigmoid(), nn.Unflatten(1, (3, 5, 4)), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(60, 7)),
    ],
    ids=["convolve, gelu", "uneven convolve, silu", "transpose, softplus", "uneven transpose", "normalise, linear"],
)
def test_every_kind_of_step_agrees(page: Page, middle: nn.Module) -> None:
    network = nn.Sequential(nn.Linear(5, 60), middle, nn.Sigmoid())
    initialise(network, device.generator(1))
    codes = 3 * torch.randn(20, 5, generator=device.generator(2))
    with torch.no_grad():
        expected = network.eval()(codes).numpy()
    got = in_browser(page, told(network, network, 5), codes)
    assert np.abs(got - expected).max() <= 1 / 255


def test_the_image_follows_the_pointer_without_the_server(server: Server, page: Page) -> None:
    sent: list[str | bytes] = []

    def opened(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: sent.append(frame))

    page.on("websocket", opened)
    page.goto(server.url("traversal"))
    expect(page.locator(".explorer[data-runs=browser]")).to_be_visible()
    box = resting(page, page.locator("canvas.plane"))
    before, seen = len(sent), set()
    for step in range(20):
        page.mouse.move(box["x"] + box["width"] * (0.2 + 0.03 * step), box["y"] + box["height"] * 0.4)
        drawn(page)
        seen.add(str(pixels(page)))
    assert len(seen) > 15
    assert len(sent) == before
    page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.3)
    parameter(page, "z")
    assert len(sent) > before


def test_a_slider_moves_the_image_while_it_is_dragged_and_a_link_opens_the_same_view(
    server: Server, page: Page
) -> None:
    page.goto(server.url("traversal?run=mnist-vae-20d"))
    expect(page.locator(".explorer[data-runs=browser]")).to_be_visible()
    box = resting(page, page.locator(".sliders input").first)
    before = pixels(page)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2, steps=5)
    drawn(page)
    during = pixels(page)
    assert during != before
    assert "z=" not in address(page)
    page.mouse.up()
    parameter(page, "z")
    page.locator("button.pin").click()
    parameter(page, "pins")
    page.locator("button.undo").click()
    drawn(page)
    assert pixels(page) == before
    page.goto(address(page))
    expect(page.locator("button.unpin")).to_be_enabled()


def test_what_the_image_shows_is_what_pytorch_decodes(server: Server, page: Page) -> None:
    page.goto(server.url("traversal?z=1.25,-0.5"))
    expect(page.locator(".explorer[data-runs=browser]")).to_be_visible()
    resting(page, page.locator("canvas.image"))
    model = Store.default().load("mnist-vae-2d")
    assert isinstance(model, VAE)
    expected = 255 * model.decode(torch.tensor([[1.25, -0.5]])).numpy().ravel()
    assert np.abs(np.asarray(pixels(page)) - expected).max() <= 2


def test_keys_move_the_place_and_a_double_click_resets_a_dimension(server: Server, page: Page) -> None:
    page.goto(server.url("traversal"))
    expect(page.locator(".explorer[data-runs=browser]")).to_be_visible()
    plane = page.locator("canvas.plane")
    resting(page, plane)
    plane.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowDown"):
        plane.press(key)
    numbers = page.locator(".sliders output")
    expect(numbers).to_have_text(["0.20", "-0.40"])
    page.locator(".sliders input").nth(1).dblclick()
    expect(numbers.nth(1)).to_have_text("0.00")
    page.wait_for_function("() => /z=0.2/.test(decodeURIComponent(location.search))")


def test_tiles_cover_the_plane(server: Server, page: Page) -> None:
    page.goto(server.url("traversal?run=mnist-vae-20d"))
    expect(page.locator(".explorer[data-runs=browser]")).to_be_visible()
    resting(page, page.locator("canvas.plane"))
    covered = """(plane) => {
      const side = (plane.width - 26) / 20;
      const context = plane.getContext('2d');
      const isDigit = ([row, column]) => {
        const {data} = context.getImageData(26 + column * side, row * side, side, side);
        const red = data.filter((_, i) => i % 4 === 0), lit = red.filter((v) => v > 128).length;
        return lit > 5 && lit < red.length / 2; // the plane without tiles is all light
      };
      return [[0, 19], [19, 19], [10, 3]].every(isDigit);
    }"""
    assert not page.locator("canvas.plane").evaluate(covered)
    page.locator("input.tiles").check()
    until(page, lambda: page.locator("canvas.plane").evaluate(covered))


def test_a_class_of_the_legend_stands_out_until_it_is_pressed_again(server: Server, page: Page) -> None:
    page.goto(server.url("traversal"))
    expect(page.locator(".explorer[data-runs=browser]")).to_be_visible()
    plane = page.locator("canvas.plane")
    resting(page, plane)
    ink = """(plane) => {
      const {data} = plane.getContext('2d').getImageData(60, 0, plane.width - 60, plane.height - 60);
      return data.reduce((sum, v, i) => sum + (i % 4 < 3 ? 255 - v : 0), 0);
    }"""
    whole = plane.evaluate(ink)
    keys = page.locator(".legend button")
    expect(keys).to_have_count(10)
    one = page.get_by_role("button", name="Class 1", exact=True)
    one.click()
    expect(one).to_have_attribute("aria-pressed", "true")
    until(page, lambda: plane.evaluate(ink) < 0.9 * whole)
    of_one = plane.evaluate(ink)
    keys.nth(0).click()
    until(page, lambda: of_one < plane.evaluate(ink))
    for key in (one, keys.nth(0)):
        key.click()
    until(page, lambda: plane.evaluate(ink) == whole)


def test_choosing_another_model_starts_in_its_middle(server: Server, page: Page) -> None:
    page.goto(server.url("traversal?z=1,1"))
    expect(page.locator(".explorer[data-runs=browser]")).to_be_visible()
    choose(page, "Model", "MNIST in 20 dimensions")
    expect(page.locator(".sliders input")).to_have_count(6)
    settled(page)
    expect(page.locator(".stAlert")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("[?&]z="))


def test_an_image_that_is_not_a_number_is_not_painted(page: Page) -> None:
    page.goto("about:blank")
    page.add_script_tag(content=EXAMPLES)
    painted = page.evaluate(
        """() => {
          const context = Object.assign(document.createElement("canvas"), { width: 2, height: 1 }).getContext("2d");
          const paint = (values) => tile(context, values, { kind: "image", shape: [1, 1, 2] }, {}, [0, 0, 2, 1]);
          return [paint([0.5, NaN]), paint([0.5, 1.5]), [...context.getImageData(0, 0, 2, 1).data]];
        }"""
    )
    assert painted == [False, True, [128, 128, 128, 255, 255, 255, 255, 255]]


def test_a_rerun_that_changes_nothing_sends_nothing_large(server: Server, page: Page) -> None:
    received: list[int] = []

    def opened(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: received.append(len(frame)))

    page.on("websocket", opened)
    page.goto(server.url("traversal?run=mnist-vae-20d"))
    expect(page.locator(".explorer[data-runs=browser]")).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    resting(page, page.locator("button.pin"))
    first = sum(received)
    received.clear()
    page.locator("button.pin").click()
    parameter(page, "pins")
    settled(page)
    assert first > 1_000_000  # the decoder came with the page
    assert sum(received) < 30_000  # and didn't come again, nor did the pictures that stayed the same


def test_a_second_model_stands_beside_the_first(server: Server, page: Page) -> None:
    page.goto(server.url("traversal?run=mnist-vae-2d&beside=mnist-vae-20d"))
    expect(page.locator(".explorer[data-runs=browser]")).to_be_visible()
    beside = page.locator(".beside .frame")
    expect(beside).to_have_attribute("data-state", re.compile("."))  # says that there is no such place in it
    page.locator("button.encode").click()
    expect(beside).to_have_attribute("data-state", "")
    second = page.locator("canvas.second").evaluate(PIXELS)
    assert max(second) > 128
    assert second != pixels(page)


def test_a_decoder_for_the_server_alone_is_shown_from_its_lattice_while_dragging(
    page: Page, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path_factory.mktemp("site")
    (config / "sitecustomize.py").write_text(
        "import latentlab.export.decoder as p\np.MAX_NUMBERS = 10\n", encoding="utf-8"
    )
    monkeypatch.setenv("PYTHONPATH", f"{config}:{ROOT}")
    served = Server(tmp_path_factory.mktemp("large") / "runs")
    try:
        page.goto(served.url("traversal"))
        expect(page.locator(".explorer[data-runs=server]")).to_be_visible()
        box = resting(page, page.locator("canvas.plane"))
        shown = set()
        for step in range(10):
            page.mouse.move(box["x"] + box["width"] * (0.1 + 0.08 * step), box["y"] + box["height"] * 0.4)
            drawn(page)
            shown.add(str(pixels(page)))
        assert len(shown) > 5
        page.mouse.click(box["x"] + box["width"] * 0.61, box["y"] + box["height"] * 0.33)
        page.mouse.move(0, 0)
        z = [float(v) for v in parameter(page, "z").split(",")]
        model = Store.default().load("mnist-vae-2d")
        assert isinstance(model, VAE)
        expected = 255 * model.decode(torch.tensor([z])).numpy().ravel()
        # the address rounds z to two decimals
        until(page, lambda: np.abs(np.asarray(pixels(page)) - expected).max() <= 8)
    finally:
        served.kill()


def test_the_plane_says_how_many_codes_lie_outside_and_can_be_zoomed(server: Server, page: Page) -> None:
    store = Store(SHIPPED)
    model, x = store.load("mnist-vae-2d"), store.examples("mnist-vae-2d").batch().x
    assert isinstance(model, VAE)
    with torch.no_grad():
        far = model.encode(x).abs().amax(1)
    shown = half_width(model.encode(x))
    page.goto(server.url("traversal?run=mnist-vae-2d"))
    outside = page.locator(".outside")
    expect(outside).to_contain_text(str(int((far > shown).sum())))
    page.locator(".farther").click()
    expect(outside).to_have_text("")
    for _ in range(3):
        page.locator(".nearer").click()
    expect(outside).to_contain_text(str(int((far > shown / 1.5**2).sum())))


def test_an_example_stands_beside_its_reconstruction_and_its_distance_to_others_is_said(
    server: Server, page: Page
) -> None:
    page.goto(server.url("traversal?run=mnist-vae-20d"))
    expect(page.locator(".explorer[data-runs=browser]")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Random example", exact=True).click()
    expect(page.locator("canvas.before")).to_be_visible()
    store, run = Store.default(), "mnist-vae-20d"
    model, batch = store.load(run), store.examples(run).batch()
    assert isinstance(model, VAE)
    codes, x = model.encode(batch.x).detach(), 255 * batch.x.numpy().reshape(-1, 784)
    shown = np.asarray(pixels(page, "canvas.before"))
    (index,) = np.flatnonzero(np.abs(x - shown).max(1) <= 1)
    settled(page)
    z = np.array([float(value) for value in parameter(page, "z").split(",")])
    np.testing.assert_allclose(z, codes[index].numpy(), atol=6e-3)
    said = re.search(r"[\d.]+ σ", page.locator(".reality").inner_text())
    assert said
    (expected,) = neighbour_distance(codes, codes[[index]], 10)
    assert abs(float(said.group()[:-2]) - expected) < 0.006
    page.locator("canvas.plane").hover()  # another place, whose original there is none of
    expect(page.locator("canvas.before")).to_be_hidden()


def test_each_slider_in_sight_has_a_strip_of_what_it_does(server: Server, page: Page) -> None:
    page.goto(server.url("traversal?run=mnist-vae-20d"))
    expect(page.locator(".explorer[data-runs=browser]")).to_be_visible()
    lit = """(strip) => strip.getContext('2d').getImageData(0, 0, strip.width, strip.height).data
      .filter((value, i) => i % 4 === 0 && value > 128).length"""
    strips = page.locator(".sliders canvas.strip")
    expect(strips).to_have_count(6)
    until(page, lambda: min(strips.nth(k).evaluate(lit) for k in range(6)) > 50)


def test_the_plane_is_zoomed_about_the_pointer_and_dragged(server: Server, page: Page) -> None:
    page.goto(server.url("traversal?run=mnist-vae-2d"))
    expect(page.locator(".explorer[data-runs=browser]")).to_be_visible()
    box = resting(page, page.locator("canvas.plane"))
    x, y = box["x"] + 0.7 * box["width"], box["y"] + 0.3 * box["height"]

    def under(x: float, y: float) -> list[float]:
        page.mouse.move(x, y)
        drawn(page)
        return [float(text) for text in page.locator(".sliders output").all_inner_texts()]

    before = under(x, y)
    page.mouse.wheel(0, -400)
    np.testing.assert_allclose(under(x, y), before, atol=0.02)  # what is under the pointer stays there
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(x - 80, y + 60, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    np.testing.assert_allclose(under(x - 80, y + 60), before, atol=0.02)  # and goes where it is dragged
    assert "z=" not in address(page)
    page.get_by_role("button", name="All", exact=True).click()
    box = resting(page, page.locator("canvas.plane"))  # the click may have scrolled to the button
    again = under(box["x"] + 0.7 * box["width"], box["y"] + 0.3 * box["height"])
    np.testing.assert_allclose(again, before, atol=0.02)
