#!/usr/bin/env python3
"""Times other implementations of LAMB and AdamW on the parameters of a model, for comparison with `lamb bench`.

    scripts/lamb bench --model bert-large --write-shapes bert-large.json
    scripts/bench-peers.py bert-large.json --json peers.json

The peers are torch.optim.AdamW(fused=True), called from Python and replayed as a CUDA graph, timm.optim.Lamb, called from
Python and under torch.compile, and optax.lamb, jitted with donated buffers. All use the same shapes and the same
choice of decayed and adapted parameters. Peers that are not installed are skipped and listed. Needs Python 3.10 or
later and no packages except the peers.

Rounds are interleaved: each round runs one step of every peer and starts with a different one. CUDA events time the
steps of PyTorch. Before each step the device copies memory and then sleeps for longer than the host needs to enqueue
the step, so that its time contains no time of the host. A device holds only about a thousand launches: a step with more
of them is also limited by the host, but its graph is not. JAX has no events, so its time is the host clock over
STEPS_AT_ONCE steps, divided by their number. Only the copy's bytes are reported, because the traffic of the peers is
not known.

Whenever a peer is ready, all peers that are ready so far are timed, and the results are written. So the last results
are complete, and a run that is killed keeps those of all earlier peers.
"""
import argparse
import json
import math
import os
import platform
import signal
import statistics
import subprocess
import sys
import time

RATE = 1e-6  # small, so that the scale of the weights does not change over many steps
WEIGHT_DECAY = 0.01
MAX_GRAD_NORM = 1e-4  # below the norm of the gradients, so that every step clips
WEIGHT_SCALE, GRADIENT_SCALE = 0.02, 1e-3
MOST_COPIED = 1 << 30
STEPS_AT_ONCE = 10
SLEEP_FACTOR, SLEEP_MARGIN_MS, LONGEST_SLEEP_MS = 2.0, 0.2, 200.0
CALIBRATION_CYCLES = 10_000_000
COPY, ADAMW = "copy", "torch.optim.AdamW(fused)"
TIMM, COMPILED, OPTAX = "timm.optim.Lamb", "timm.optim.Lamb, torch.compile", "optax.lamb"
ADAMW_GRAPH = ADAMW + ", graph"
# timm's Lamb is not timed as a graph: on an H100, its replay failed with an illegal memory access, after which the process
# cannot use CUDA. Compiling, which may take minutes, comes last.
PEERS = [COPY, ADAMW, ADAMW_GRAPH, TIMM, OPTAX, COMPILED]


class BadInput(Exception):
    """Reported in one line, with exit code 2."""


class Skip(Exception):
    """The reason why a peer cannot be timed on this machine."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise BadInput(message)


def read_shapes(path):
    """Reads the parameters as written by `lamb bench --write-shapes`."""
    try:
        with open(path, encoding="utf-8") as file:
            tensors = json.load(file)
    except OSError as e:
        raise BadInput(f"{path}: {e.strerror}")
    except ValueError as e:
        raise BadInput(f"{path}: not JSON: {e}")
    if not isinstance(tensors, list) or not tensors:
        raise BadInput(f"{path}: not a JSON array of tensors")
    for number, tensor in enumerate(tensors, 1):
        shape = tensor.get("shape") if isinstance(tensor, dict) else None
        whole = isinstance(shape, list) and all(type(d) is int and d > 0 for d in shape)
        if not whole or not isinstance(tensor.get("name"), str):
            raise BadInput(f"{path}: tensor {number} needs a name and a shape of positive integers")
        tensor.setdefault("decay", True)
        tensor.setdefault("adapt", True)
    if len({t["name"] for t in tensors}) < len(tensors):
        raise BadInput(f"{path}: duplicate tensor name")
    return tensors


def count(tensors):
    return sum(math.prod(t["shape"]) for t in tensors)


class Torch:
    """PyTorch: the weights and gradients that its peers share, and its clock."""

    def __init__(self, tensors, device, clip):
        try:
            import torch
        except ImportError:
            raise Skip("PyTorch is not installed")
        if device == "cuda" and not torch.cuda.is_available():
            raise Skip("PyTorch sees no CUDA device")
        self.torch, self.tensors, self.device, self.clip = torch, tensors, device, clip
        self.generator = torch.Generator(device=device).manual_seed(1)
        elements = min(MOST_COPIED // 4, max(count(tensors), 1 << 20))
        self.source, self.target = self.random([elements], 1.0), self.random([elements], 1.0)
        self.parameters = None
        self.lamb_optimizer = None
        self.host_ms = {}
        self.cycles_per_ms = self.calibrate() if device == "cuda" else None

    def random(self, shape, scale):
        """Random values of both signs without zeros."""
        values = self.torch.rand(shape, device=self.device, generator=self.generator).sub_(0.5)
        return values.add_(values.sign().mul_(0.5)).add_(values == 0).mul_(scale)

    def model(self):
        if self.parameters is None:
            self.parameters = []
            for tensor in self.tensors:
                parameter = self.torch.nn.Parameter(self.random(tensor["shape"], WEIGHT_SCALE))
                parameter.grad = self.random(tensor["shape"], GRADIENT_SCALE)
                self.parameters.append(parameter)
        return self.parameters

    def copy(self):
        self.target.copy_(self.source)

    def groups(self, **options_by_kind):
        """One parameter group for each (decay, adapt); options are functions of these two."""
        groups = {}
        for tensor, parameter in zip(self.tensors, self.model()):
            groups.setdefault((tensor["decay"], tensor["adapt"]), []).append(parameter)
        return [
            {"params": parameters, **{name: value(*kind) for name, value in options_by_kind.items()}}
            for kind, parameters in groups.items()
        ]

    def calibrate(self):
        """The cycles of torch.cuda._sleep in a millisecond, at the clock of a busy device."""
        for _ in range(2):  # the first one raises the clock
            start, end = self.events()
            start.record()
            self.torch.cuda._sleep(CALIBRATION_CYCLES)
            end.record()
            end.synchronize()
        return CALIBRATION_CYCLES / start.elapsed_time(end)

    def events(self):
        return (self.torch.cuda.Event(enable_timing=True) for _ in range(2))

    def adamw(self, capturable=False):
        groups = self.groups(weight_decay=lambda decay, adapt: WEIGHT_DECAY if decay else 0.0)
        optimizer = self.torch.optim.AdamW(groups, lr=RATE, fused=True, capturable=capturable)

        def step():
            if self.clip:
                self.torch.nn.utils.clip_grad_norm_(self.parameters, MAX_GRAD_NORM, foreach=True)
            optimizer.step()

        return step

    def lamb(self):
        if self.lamb_optimizer is None:
            try:
                from timm.optim import Lamb
            except ImportError as e:
                raise Skip(f"timm is not installed: {e}")
            if any(t["decay"] and not t["adapt"] for t in self.tensors):
                raise Skip("it adapts every decayed parameter, and this model has one that must not be adapted")
            groups = self.groups(
                weight_decay=lambda decay, adapt: WEIGHT_DECAY if decay else 0.0,
                always_adapt=lambda decay, adapt: adapt,
            )
            max_norm = MAX_GRAD_NORM if self.clip else None
            self.lamb_optimizer = Lamb(groups, lr=RATE, max_grad_norm=max_norm)
        return self.lamb_optimizer.step

    def adamw_graph(self):
        return self.graph(self.adamw(capturable=True))

    def graph(self, step):
        """Captures a step after three on a side stream, as PyTorch requires."""
        if self.device == "cpu":
            raise Skip("graphs need a CUDA device")
        cuda = self.torch.cuda
        side = cuda.Stream()
        side.wait_stream(cuda.current_stream())
        with cuda.stream(side):
            for _ in range(3):
                step()
        cuda.current_stream().wait_stream(side)
        graph = cuda.CUDAGraph()
        with cuda.graph(graph):
            step()
        return graph.replay

    def compiled_lamb(self):
        step = self.lamb()
        return self.torch.compile(lambda: step(), fullgraph=False)

    def time(self, step):
        if self.device == "cpu":
            start = time.perf_counter()
            step()
            return 1e3 * (time.perf_counter() - start)
        start, end = self.events()
        self.copy()
        sleep_ms = min(LONGEST_SLEEP_MS, SLEEP_FACTOR * self.host_ms.get(step, 0.0) + SLEEP_MARGIN_MS)
        self.torch.cuda._sleep(int(sleep_ms * self.cycles_per_ms))
        start.record()
        began = time.perf_counter()
        step()
        host_ms = 1e3 * (time.perf_counter() - began)
        # The least so far: later ones may contain a wait for the sleeping device.
        self.host_ms[step] = min(host_ms, self.host_ms.get(step, host_ms))
        end.record()
        end.synchronize()
        return start.elapsed_time(end)

    def facts(self):
        facts = {"torch": self.torch.__version__}
        if self.device == "cuda":
            facts["device"] = self.torch.cuda.get_device_name()
            facts["cuda"] = self.torch.version.cuda
        return facts


class Jax:
    """JAX, with its own arrays."""

    def __init__(self, tensors, device, clip):
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # leave memory for PyTorch
        try:
            import jax
            import optax
        except ImportError as e:
            raise Skip(f"JAX or optax is not installed: {e}")
        try:
            self.place = jax.devices("gpu" if device == "cuda" else "cpu")[0]
        except RuntimeError:
            raise Skip("JAX sees no CUDA device")
        self.jax, self.optax, self.tensors, self.clip = jax, optax, tensors, clip

    def lamb(self):
        jax, optax = self.jax, self.optax
        decayed = {t["name"]: t["decay"] for t in self.tensors}
        adapted = {t["name"]: t["adapt"] for t in self.tensors}
        # The parts of optax.lamb in its order. optax.lamb itself has a mask only for the decay.
        transforms = [
            optax.scale_by_adam(b1=0.9, b2=0.999, eps=1e-6),
            optax.add_decayed_weights(WEIGHT_DECAY, mask=decayed),
            optax.masked(optax.scale_by_trust_ratio(), adapted),
            optax.scale_by_learning_rate(RATE),
        ]
        if self.clip:
            transforms.insert(0, optax.clip_by_global_norm(MAX_GRAD_NORM))
        optimizer = optax.chain(*transforms)
        with jax.default_device(self.place):
            self.weights = self.random(1, WEIGHT_SCALE)
            self.gradients = self.random(2, GRADIENT_SCALE)
            self.state = jax.jit(optimizer.init)(self.weights)

        def update(weights, state, gradients):
            updates, state = optimizer.update(gradients, state, weights)
            return optax.apply_updates(weights, updates), state

        jitted = jax.jit(update, donate_argnums=(0, 1))

        def step():
            self.weights, self.state = jitted(self.weights, self.state, self.gradients)

        return step

    def random(self, seed, scale):
        random, values = self.jax.random, {}
        for number, tensor in enumerate(self.tensors):
            value, sign = random.split(random.fold_in(random.key(seed), number))
            magnitudes = random.uniform(value, tensor["shape"], minval=0.5 * scale, maxval=1.5 * scale)
            values[tensor["name"]] = magnitudes * random.rademacher(sign, tensor["shape"], dtype=magnitudes.dtype)
        return values

    def time(self, step):
        self.jax.block_until_ready(self.weights)
        start = time.perf_counter()
        for _ in range(STEPS_AT_ONCE):
            step()
        self.jax.block_until_ready(self.weights)
        return 1e3 * (time.perf_counter() - start) / STEPS_AT_ONCE

    def facts(self):
        return {"jax": self.jax.__version__, "optax": self.optax.__version__, "jax_device": self.place.device_kind}


def one_line(error):
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"[:300]


class Limit:
    """Skips a peer whose preparation takes too long. Python notices it between two of its own instructions."""

    def __init__(self, seconds):
        self.seconds = seconds

    def __enter__(self):
        signal.signal(signal.SIGALRM, self.end)
        signal.alarm(self.seconds)

    def end(self, *_):
        raise Skip(f"not ready after {self.seconds} s; see --peer-limit")

    def __exit__(self, *_):
        signal.alarm(0)


MAKERS = {
    ADAMW: "adamw", ADAMW_GRAPH: "adamw_graph", TIMM: "lamb", COMPILED: "compiled_lamb", OPTAX: "lamb",
}


def prepare(name, owners, tensors, options):
    """A peer after its warmup steps, as (name, owner, step). Raises Skip with the reason if it cannot run."""
    kind = Jax if name == OPTAX else Torch
    try:
        with Limit(options.peer_limit):
            if kind not in owners:
                owners[kind] = kind(tensors, options.device, options.clip)
            owner = owners[kind]
            step = owner.copy if name == COPY else getattr(owner, MAKERS[name])()
            for _ in range(options.warmup):
                owner.time(step)
            return name, owner, step
    except Skip:
        raise
    except Exception as e:  # third-party code, or out of memory: record it and continue
        raise Skip("failed: " + one_line(e))


def measure(peers, repetitions):
    times = {name: [] for name, _, _ in peers}
    for number in range(repetitions):
        for i in range(len(peers)):
            name, owner, step = peers[(number + i) % len(peers)]
            times[name].append(owner.time(step))
    return times


def p95(times):
    return sorted(times)[(95 * len(times) + 99) // 100 - 1]


def result(name, times, parameters, copied, all_times, clock):
    median = statistics.median(times)
    elements = copied if name == COPY else parameters
    row = {
        "name": name,
        "median_ms": median,
        "p95_ms": p95(times),
        "least_ms": min(times),
        "elements": elements,
        "bytes": 8 * elements if name == COPY else None,
        "bytes_per_parameter": 8.0 if name == COPY else None,
        "gigabytes_per_second": 8 * elements / median / 1e6 if name == COPY else None,
        "clock": f"host, {STEPS_AT_ONCE} steps at once" if name == OPTAX else clock,
    }
    if name != COPY and ADAMW in all_times:
        row["ratio_to_adamw"] = median / statistics.median(all_times[ADAMW])
    row["milliseconds"] = times
    return row


def facts(peers):
    known = {"python": platform.python_version(), "os": platform.platform()}
    for owner in {id(owner): owner for _, owner, _ in peers}.values():
        known.update(owner.facts())
    query = "name,driver_version,clocks.sm,clocks.mem,clocks.max.sm,clocks.max.mem,temperature.gpu,power.draw,power.limit"
    try:
        command = ["nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader"]
        known["nvidia_smi"] = query + "\n" + subprocess.run(
            command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        known["nvidia_smi"] = "not available"
    return known


def positive(text):
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text}: use 1 to 100000")
    return int(text)


def parse(arguments):
    parser = Parser(description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shapes", metavar="SHAPES.json", help="the model, as written by `lamb bench --write-shapes`")
    parser.add_argument("--repeat", type=positive, default=30, metavar="N", help="timed steps of each peer (default: 30)")
    parser.add_argument("--warmup", type=positive, default=5, metavar="N", help="untimed steps before them (default: 5)")
    parser.add_argument("--clip", action="store_true", help="clip the gradient norm in every optimizer")
    parser.add_argument("--only", choices=PEERS, action="append", metavar="PEER", help=f"one of {PEERS}; repeatable")
    parser.add_argument("--peer-limit", type=positive, default=120, metavar="SECONDS",
                        help="skip a peer that is not ready after this time (default: 120)")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda", help="cpu is only for trying out this script")
    parser.add_argument("--json", metavar="FILE", help="write all results to FILE as JSON")
    options = parser.parse_args(arguments)
    options.only = [peer for peer in PEERS if peer in (options.only or PEERS)]
    if options.json and os.path.isdir(options.json):
        raise BadInput(f"{options.json}: is a directory; name a file")
    if options.json and not os.path.isdir(os.path.dirname(os.path.abspath(options.json))):
        raise BadInput(f"{options.json}: its directory does not exist; create it first")
    return options


def report(options):
    """Prepares the peers one by one. After each, writes the results; if it is ready, times all that are ready first."""
    tensors = read_shapes(options.shapes)
    owners, peers, times, skipped = {}, [], {}, {}
    for name in options.only:
        print(f"preparing {name}", file=sys.stderr, flush=True)
        try:
            peers.append(prepare(name, owners, tensors, options))
        except Skip as e:
            skipped[name] = str(e)
        else:
            times = measure(peers, options.repeat)
        found = results(tensors, options, peers, times, skipped)
        if options.json:
            write(options.json, found)
    return found


def results(tensors, options, peers, times, skipped):
    copied = next((owner.source.numel() for name, owner, _ in peers if name == COPY), 0)
    clock = "host" if options.device == "cpu" else "CUDA events"
    rows = [result(name, times[name], count(tensors), copied, times, clock) for name in times]
    rows += [{"name": name, "skipped": reason} for name, reason in skipped.items()]
    return {
        "program": "bench-peers",
        "model": {
            "name": os.path.splitext(os.path.basename(options.shapes))[0],
            "parameters": count(tensors),
            "tensors": len(tensors),
        },
        "settings": {"clip": options.clip, "warmup": options.warmup, "repetitions": options.repeat,
                     "device": options.device},
        "results": rows,
        "not_yet_tried": options.only[len(peers) + len(skipped):],
        "machine": facts(peers),
    }


def table(found):
    lines = [f"{found['model']['name']}: {found['model']['parameters']:,} parameters in"
             f" {found['model']['tensors']} tensors, fp32", "", f"{'':32}{'ms':>10}{'p95':>10}{'vs AdamW':>10}"]
    for row in found["results"]:
        if "skipped" in row:
            lines.append(f"{row['name']:32}  skipped: {row['skipped']}")
        else:
            ratio = f"{row['ratio_to_adamw']:.3f}" if "ratio_to_adamw" in row else "-"
            lines.append(f"{row['name']:32}{row['median_ms']:10.3f}{row['p95_ms']:10.3f}{ratio:>10}")
    return "\n".join(lines)


def write(path, found):
    """Writes the file completely or not at all."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=2)
            file.write("\n")
        os.replace(temporary, path)
    except OSError as e:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise BadInput(f"{path}: {e.strerror}")


def main(arguments):
    try:
        options = parse(arguments)
        found = report(options)
    except BadInput as e:
        print("bench-peers: " + " ".join(str(e).split()), file=sys.stderr)
        return 2
    print(table(found))
    if all("skipped" in row for row in found["results"]):
        print("bench-peers: every peer was skipped", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
