package io.github.lamb4j.internal.cuda;

import static io.github.lamb4j.Refusals.assertRefused;
import static io.github.lamb4j.Refusals.assertUntimely;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.lamb4j.DeviceParameters;
import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.Numbers;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDriver.Call;
import io.github.lamb4j.emulator.Graph;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.Scalar;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.report.StepReport;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Parameters get other arrays between steps and keep their state. */
class MoveTest {

  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.02);
  private static final int COUNT = 70;

  /** The arrays of one parameter. */
  private record Arrays(TestArray weights, TestArray gradients, TestArray copy) {

    static Arrays of(Side side, DType weights, DType gradients, DType copy) {
      return new Arrays(
          side.array(weights, COUNT, Purpose.WEIGHTS, "p"),
          side.array(gradients, COUNT, Purpose.GRADIENTS, "p"),
          copy == null ? null : side.array(copy, COUNT, Purpose.MODEL_COPY, "p"));
    }

    Parameter parameter(Side side, String name) {
      return side.parameter(name, weights, gradients, copy);
    }
  }

  private static final DType[][] FORMS = {
    {DType.F32, DType.F32, null},
    {DType.F32, DType.F16, DType.BF16},
    {DType.BF16, DType.F32, null},
    {DType.F16, DType.BF16, null}
  };

  private static List<Arrays> arrays(Side side) {
    List<Arrays> all = new ArrayList<>();
    for (DType[] form : FORMS) {
      all.add(Arrays.of(side, form[0], form[1], form[2]));
    }
    return all;
  }

  private static Parameter[] parameters(Side side, List<Arrays> arrays) {
    Parameter[] parameters = new Parameter[arrays.size()];
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = arrays.get(i).parameter(side, "p" + i);
    }
    return parameters;
  }

  private static void putGradients(List<Arrays> arrays, int step) {
    Random random = new Random(step);
    arrays.forEach(a -> a.gradients.put(Numbers.normal(random, COUNT, 1)));
  }

  /** Takes steps, before each of which all arrays may move; returns all final bits. */
  private static List<int[]> train(Side side, boolean moving) {
    List<Arrays> arrays = arrays(side);
    Random random = new Random(7);
    arrays.forEach(a -> a.weights.put(Numbers.normal(random, COUNT, 1)));
    List<int[]> bits = new ArrayList<>();
    try (Lamb lamb =
        side.builder().maxGradNorm(1).group("g", LAMB, parameters(side, arrays)).build()) {
      for (int step = 0; step < 4; step++) {
        if (moving) {
          List<Arrays> moved = arrays(side);
          for (int i = 0; i < moved.size(); i++) {
            if (FORMS[i][0] == DType.F32) { // the others are written from their masters
              moved.get(i).weights.put(arrays.get(i).weights.values());
            }
          }
          arrays = moved;
          lamb.move(parameters(side, arrays));
        }
        putGradients(arrays, step);
        lamb.step();
      }
      for (int i = 0; i < arrays.size(); i++) {
        FloatBuffer m = FloatBuffer.allocate(COUNT);
        lamb.readState("p" + i, StateArray.FIRST_MOMENT, 0, m);
        bits.add(Numbers.bits(m.array()));
      }
    }
    for (Arrays a : arrays) {
      bits.add(a.weights.bits());
      if (a.copy != null) {
        bits.add(a.copy.bits());
      }
    }
    return bits;
  }

  @Tag("gpu")
  @Tag("kernels")
  @ParameterizedTest
  @EnumSource
  void shouldGiveTheSameBits(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      List<int[]> expected = train(where.on(device), false);
      List<int[]> actual = train(where.on(device), true);
      for (int i = 0; i < expected.size(); i++) {
        assertArrayEquals(expected.get(i), actual.get(i), "array " + i);
      }
    }
  }

  private static Lamb build(TestDevice device, CudaDriver driver, Parameter... parameters) {
    return LambBuilders.onCuda(driver, device.stream()).group("g", LAMB, parameters).build();
  }

  private static long memory(TestDevice device, int floats) {
    return device.upload(new byte[4 * floats], 0, "floats");
  }

  @Tag("kernels")
  @Test
  void shouldMoveManyParametersInFewLaunches() {
    try (TestDevice device = TestDevice.open()) {
      int count = 300;
      long weights = memory(device, 4 * count);
      long first = memory(device, 4 * count);
      long second = memory(device, 4 * count);
      Parameter[] before = new Parameter[count];
      Parameter[] after = new Parameter[count];
      for (int i = 0; i < count; i++) {
        before[i] = DeviceParameters.of("p" + i, weights + 16 * i, first + 16 * i, 1, DType.F32);
        // The last one becomes unaligned, which is another word to change.
        long to = second + 16 * i + (i == count - 1 ? 4 : 0);
        after[i] = DeviceParameters.of("p" + i, weights + 16 * i, to, 1, DType.F32);
      }
      try (Lamb lamb = build(device, device.driver(), before)) {
        device.emulator().forgetLaunches();
        lamb.move(after);
        assertEquals(
            List.of("move_arrays", "move_arrays"),
            device.emulator().launches().stream().map(launch -> launch.kernel()).toList());
        assertEquals(
            8 * (count + 1),
            device.emulator().launches().stream().mapToLong(launch -> launch.bytesStored()).sum());
        device.emulator().forgetLaunches();
        lamb.move(before[3]);
        assertEquals(8, device.emulator().lastLaunch().bytesStored());
        assertEquals(1, device.emulator().launches().size());
      }
    }
  }

  @Test
  void shouldCallNoDriverIfNothingChanges() {
    List<String> calls = new ArrayList<>();
    try (TestDevice device = TestDevice.open()) {
      long memory = memory(device, 8);
      CudaDriver recording =
          Proxies.of(
              CudaDriver.class,
              (method, arguments) -> {
                calls.add(method.getName());
                return method.invoke(device.driver(), arguments);
              });
      try (Lamb lamb =
          build(device, recording, DeviceParameters.of("p", memory, memory + 16, 4, DType.F32))) {
        calls.clear();
        lamb.move(DeviceParameters.of("p", memory, memory + 16, 4, DType.F32));
        lamb.move();
        assertEquals(List.of("currentContext", "currentContext"), calls);
      }
    }
  }

  @Test
  void shouldTellTheNewArraysAndKeepReports() {
    try (TestDevice device = TestDevice.open()) {
      long memory = memory(device, 12);
      DeviceParameter before = DeviceParameters.of("p", memory, memory + 16, 4, DType.F32);
      DeviceParameter after = DeviceParameters.of("p", memory, memory + 32, 4, DType.F32);
      try (Lamb lamb = build(device, device.driver(), before)) {
        StepReport report = lamb.newReport();
        lamb.move(after);
        assertEquals(List.of(after), lamb.groups().get(0).parameters());
        lamb.step();
        lamb.report(report);
        assertEquals(1, report.step());
        // The old gradients do not overlap anything any longer; the new ones do.
        lamb.accumulate("p", before.gradients());
        assertRefused(
            () -> lamb.accumulate("p", new DeviceArray(memory + 36, DType.F32)), "overlaps");
      }
    }
  }

  @Tag("gpu")
  @Test
  void shouldMoveBetweenReplays() {
    try (TestDevice device = TestDevice.open()) {
      Side side = Side.cuda(device, StepPath.AUTO);
      Arrays arrays = Arrays.of(side, DType.F32, DType.F32, null);
      Arrays other = Arrays.of(side, DType.F32, DType.F32, null);
      arrays.weights.put(Numbers.normal(new Random(1), COUNT, 1));
      arrays.gradients.put(Numbers.normal(new Random(2), COUNT, 1));
      other.gradients.put(Numbers.normal(new Random(3), COUNT, 1));
      Parameter moved = side.parameter("p", arrays.weights, other.gradients, null);
      float[] weights = arrays.weights.values();
      float[] gradients = arrays.gradients.values();
      try (Lamb lamb = side.builder().group("g", LAMB, arrays.parameter(side, "p")).build();
          Lamb cpu =
              Lamb.onCpu().group("g", LAMB, Parameter.onHost("p", weights, gradients)).build()) {
        lamb.prepareReplays(8);
        try (Graph graph = device.capture(lamb::step)) {
          graph.replay();
          lamb.move(moved);
          graph.replay();
        }
        cpu.step();
        cpu.move(Parameter.onHost("p", weights, other.gradients.values()));
        cpu.step();
        assertArrayEquals(Numbers.bits(weights), arrays.weights.bits());
        device
            .capture(
                () -> {
                  lamb.move(moved); // changes nothing
                  assertUntimely(
                      () -> lamb.move(arrays.parameter(side, "p")),
                      "move:",
                      "being captured",
                      "before or after the capture");
                })
            .close();
      }
    }
  }

  @Test
  void shouldRefuseBeforeAnythingIsTouched() {
    try (TestDevice device = TestDevice.open()) {
      long memory = memory(device, 16);
      long pinned = device.emulator().allocateHost(64, "pinned");
      DeviceParameter p = DeviceParameters.of("p", memory, memory + 16, 4, DType.F32);
      DeviceParameter q = DeviceParameters.of("q", memory + 32, memory + 48, 4, DType.F32);
      try (Lamb lamb = build(device, device.driver(), p, q)) {
        device.emulator().forgetLaunches();
        DeviceParameter fits = DeviceParameters.of("q", memory + 32, memory + 32, 4, DType.F32);
        refuse(lamb, DeviceParameters.of("r", memory, memory, 4, DType.F32), "r", "unknown");
        refuse(lamb, Parameter.onHost("p", new float[4], new float[4]), "p", "Parameter.onDevice");
        refuse(
            lamb,
            DeviceParameters.of("p", memory, memory + 16, 3, DType.F32),
            "parameter p: 3 elements",
            "has 4",
            "addGroup");
        refuse(
            lamb,
            DeviceParameters.of("p", memory, memory + 16, 4, DType.F16),
            "parameter p: gradients F16",
            "built with F32");
        refuse(
            lamb,
            p.withModelCopy(new DeviceArray(memory, DType.F16)),
            "parameter p: model copy F16",
            "built with absent");
        refuse(
            lamb,
            Parameter.onDevice(
                "p",
                new DeviceArray(memory, DType.BF16),
                new DeviceArray(memory + 16, DType.F32),
                4),
            "parameter p: weights BF16");
        refuse(lamb, DeviceParameters.of("p", memory, memory + 32, 4, DType.F32), "overlap");
        refuse(lamb, DeviceParameters.of("p", memory, memory + 56, 4, DType.F32), "overlap");
        refuse(
            lamb,
            DeviceParameters.of("p", memory, pinned, 4, DType.F32),
            "parameter p: gradients at 0x%x".formatted(pinned),
            "pinned host memory",
            "pass device memory");
        assertRefused(() -> lamb.move(q, q), "parameter q", "given twice");
        assertRefused(() -> lamb.move(fits, p), "overlap");
        assertRefused(() -> lamb.move((Parameter) null), "a parameter to move", "null");
        assertRefused(() -> lamb.move((Parameter[]) null), "parameters to move", "null");
        assertEquals(List.of(p, q), lamb.groups().get(0).parameters());
        assertEquals(List.of(), device.emulator().launches());
      }
      device.driver().free(pinned);
    }
  }

  private static void refuse(Lamb lamb, Parameter parameter, String... said) {
    assertRefused(() -> lamb.move(parameter), said);
  }

  @Test
  void shouldRefuseArraysThatExceedTheirAllocation() {
    try (TestDevice device = TestDevice.open()) {
      long memory = memory(device, 8);
      long small = device.driver().allocate(8, Purpose.OTHER, "small");
      try (Lamb lamb =
          build(
              device,
              device.driver(),
              DeviceParameters.of("p", memory, memory + 16, 4, DType.F32))) {
        refuse(
            lamb,
            DeviceParameters.of("p", memory, small, 4, DType.F32),
            "parameter p: 4 F32 elements of gradients",
            "exceed their allocation");
      }
      device.driver().free(small);
    }
  }

  @Test
  void shouldRefusePinnedMemoryWhenBuilding() {
    try (TestDevice device = TestDevice.open()) {
      long memory = memory(device, 4);
      long pinned = device.emulator().allocateHost(64, "pinned");
      DeviceParameter fine = DeviceParameters.of("p", memory, memory + 8, 2, DType.F32);
      String[] said = {"pinned host memory", "cudaMalloc"};
      assertRefused(
          () ->
              build(
                  device, device.driver(), DeviceParameters.of("p", pinned, memory, 2, DType.F32)),
          said);
      assertRefused(
          () ->
              LambBuilders.onCuda(device.driver(), device.stream())
                  .group("g", LAMB, fine)
                  .lossScale(Scalar.onDevice(new DeviceArray(pinned, DType.F32)))
                  .build(),
          "lossScale at 0x",
          said[0]);
      try (Lamb lamb = build(device, device.driver(), fine)) {
        assertRefused(() -> lamb.accumulate("p", new DeviceArray(pinned, DType.F32)), said);
      }
      device.driver().free(pinned);
    }
  }

  /** Addresses on the device may then be old or new, so there must be no further step. */
  @Test
  void shouldTakeNoStepAfterAFailedMove() {
    try (TestDevice device = TestDevice.open()) {
      long memory = memory(device, 12);
      try (Lamb lamb =
          build(
              device,
              device.driver(),
              DeviceParameters.of("p", memory, memory + 16, 4, DType.F32))) {
        device.emulator().fail(Call.ENQUEUE, 1, 1);
        assertUntimely(
            () -> lamb.move(DeviceParameters.of("p", memory, memory + 32, 4, DType.F32)),
            "move failed partway");
        assertThrows(IllegalStateException.class, lamb::step);
      }
    }
  }

  @Test
  void shouldRefuseHostArraysThatDoNotFit() {
    float[] weights = {1, 2};
    try (Lamb lamb =
        Lamb.onCpu().group("g", LAMB, Parameter.onHost("p", weights, new float[2])).build()) {
      assertRefused(
          () -> lamb.move(Parameter.onHost("p", weights, weights)), "overlap", "separately");
      assertRefused(
          () ->
              lamb.move(
                  Parameter.onHost("p", HostArray.f32(weights), HostArray.f16(new short[] {1, 2}))),
          "parameter p: gradients F16",
          "built with F32");
      assertRefused(
          () -> lamb.move(DeviceParameters.of("p", 16, 32, 2, DType.F32)),
          "parameter p",
          "Parameter.onHost");
    }
  }
}
