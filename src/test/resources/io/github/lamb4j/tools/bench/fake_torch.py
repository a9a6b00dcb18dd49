"""Stands in for PyTorch with a device whose clock is simulated: work has a cost on the host and one on the device."""
import contextlib
import os
import time
import types

__version__ = "0.0"
version = types.SimpleNamespace(cuda="0.0")


class Clock:
    host = 0.0  # milliseconds
    device = 0.0  # when the device has finished all enqueued work
    capturing = None


time.perf_counter = lambda: Clock.host / 1e3


def enqueue(host, device):
    if Clock.capturing is not None:
        Clock.capturing.append(device)
    else:
        Clock.host += host
        Clock.device = max(Clock.device, Clock.host) + device


class Tensor:
    def __init__(self, count):
        self.count = count

    def numel(self):
        return self.count

    def same(self, *_):
        return self

    sub_ = add_ = mul_ = sign = __eq__ = same

    def copy_(self, _):
        enqueue(0.01, 0.5)


class Generator:
    def __init__(self, device):
        pass

    def manual_seed(self, _):
        return self


def rand(shape, **_):
    count = 1
    for dimension in shape:
        count *= dimension
    return Tensor(count)


class AdamW:
    def __init__(self, groups, lr, fused, capturable):
        self.capturable = capturable

    def step(self):
        if Clock.capturing is not None and not self.capturable:
            raise RuntimeError("not capturable")
        enqueue(5, 1)


nn = types.SimpleNamespace(
    Parameter=lambda tensor: tensor, utils=types.SimpleNamespace(clip_grad_norm_=lambda *_, **__: enqueue(1, 0.25)))
optim = types.SimpleNamespace(AdamW=AdamW)


def compile(step, fullgraph):
    time.sleep(60)  # so does a compiler that hangs


class Event:
    def __init__(self, enable_timing):
        pass

    def record(self):
        self.time = max(Clock.device, Clock.host)

    def synchronize(self):
        Clock.host = max(Clock.host, self.time)

    def elapsed_time(self, end):
        return end.time - self.time


class CUDAGraph:
    def replay(self):
        for device in self.work:
            enqueue(0.001, device)


class Stream:
    def wait_stream(self, _):
        pass


@contextlib.contextmanager
def capture(graph):
    Clock.capturing = []
    yield
    graph.work, Clock.capturing = Clock.capturing, None


cuda = types.SimpleNamespace(
    is_available=lambda: True,
    get_device_name=lambda: "simulated",
    Event=Event,
    CUDAGraph=CUDAGraph,
    Stream=Stream,
    current_stream=Stream,
    stream=lambda _: contextlib.nullcontext(),
    graph=capture,
    _sleep=lambda cycles: enqueue(0.001, cycles / 1e6),
)


class TimmLamb:
    def __init__(self, groups, lr, max_grad_norm):
        self.hangs = "HANG" in os.environ

    def step(self):
        if self.hangs:
            time.sleep(60)
        enqueue(20, 4)
