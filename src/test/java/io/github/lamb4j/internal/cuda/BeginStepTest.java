package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.numerics.Rates;
import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The coefficients that {@code begin_step} derives, bit for bit. Few results of a step depend on
 * the low half of a beta, so the parity tests would miss an error there.
 */
@Tag("gpu")
@Tag("kernels")
class BeginStepTest {

  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.1);

  /** Groups in the tables. */
  private static final int GROUPS = 4;

  /** The last group that takes the step, with the hyperparameters of the case. */
  private static final int LAST = 2;

  static Stream<Hyperparameters> cases() {
    return Stream.of(
        LAMB,
        LAMB.withBetas(0.8, 0.97).withEpsilon(1e-7).withWeightDecay(0.03),
        LAMB.withBetas(0.7, 0.99).withBiasCorrection(BiasCorrection.NONE),
        LAMB.withBetas(0.3, 0.1).withWeightDecay(1e-50).withEpsilon(0.7),
        // 1 - beta lies next to a tie of its two roundings.
        LAMB.withBetas(Math.nextUp(0x1p-25), 0.123),
        LAMB.withBetas(0.123, Math.nextUp(0x1p-25)),
        LAMB.withBetas(0, 0),
        LAMB.withBiasCorrection(BiasCorrection.LEARNING_RATE),
        LAMB.withGradientAveraging(false).withBetas(0.7, 0.99),
        LAMB.withDecoupledDecay(true).withWeightDecay(0.3),
        LAMB.withDecoupledDecay(true).withBiasCorrection(BiasCorrection.LEARNING_RATE));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void shouldDeriveEveryCoefficient(Hyperparameters h) {
    try (TestDevice device = TestDevice.open()) {
      CudaDriver driver = device.driver();
      try (DeviceArrays arrays = new DeviceArrays(driver, device.stream())) {
        long module = driver.loadModule(Kernels.ptx());
        ByteBuffer hyperparameters = CudaLayout.buffer(GROUPS * CudaLayout.Hyperparameters.SIZE);
        ByteBuffer states = CudaLayout.buffer(GROUPS * CudaLayout.StepState.SIZE);
        for (int g = 0; g < GROUPS; g++) {
          StructWriter.putHyperparameters(
              hyperparameters, g * CudaLayout.Hyperparameters.SIZE, g == LAST ? h : LAMB);
          StructWriter.putStepState(states, g * CudaLayout.StepState.SIZE, 0, 1, 1);
        }
        long stateAddress = arrays.upload(states, Purpose.REPORT, "g");
        ByteBuffer control = CudaLayout.buffer(CudaLayout.StepControl.SIZE);
        StructWriter.putStepControl(control, 0, 0);
        long controlAddress = arrays.upload(control, Purpose.REPORT, "g");
        ByteBuffer next = CudaLayout.buffer(CudaLayout.NextRates.SIZE);
        next.putLong(CudaLayout.NextRates.COUNT, LAST + 1);
        CudaDriver.Launch launch =
            new Launcher(driver, device.stream(), module, 1, Window.of(driver))
                .prepare(
                    LaunchPolicy.BEGIN_STEP,
                    1,
                    next,
                    CudaLayout.argument(stateAddress),
                    CudaLayout.argument(
                        arrays.upload(hyperparameters, Purpose.HYPERPARAMETERS, "g")),
                    CudaLayout.argument(
                        arrays.allocateZeros(
                            (long) GROUPS * Rates.KEPT * Double.BYTES,
                            Purpose.LEARNING_RATES,
                            "g")),
                    CudaLayout.argument(controlAddress));
        for (int step = 1; step <= 3; step++) {
          for (int g = 0; g <= LAST; g++) {
            next.putDouble(CudaLayout.NextRates.LEARNING_RATE + g * Double.BYTES, rate(g, step));
            next.putLong(CudaLayout.NextRates.STEP + g * Long.BYTES, step);
          }
          if (step == 3) {
            control.putDouble(CudaLayout.StepControl.NORM, 7);
            control.putDouble(CudaLayout.StepControl.SCALE, 0.3);
            driver.copyToDevice(controlAddress, control, device.stream());
          }
          launch.enqueue(device.stream());
          ByteBuffer actual = CudaLayout.buffer(states.capacity());
          driver.copyToHost(actual, stateAddress, device.stream());
          for (int g = 0; g <= LAST; g++) {
            Hyperparameters own = g == LAST ? h : LAMB;
            assertEquals(
                text(expected(own, step, rate(g, step)), 0),
                text(actual, g),
                own + ", group " + g + " at step " + step);
          }
          assertEquals(text(states, LAST + 1), text(actual, LAST + 1), "no such group");
        }
        driver.unloadModule(module);
      }
    }
  }

  private static double rate(int group, int step) {
    return (0.1 + group) / step;
  }

  /** The coefficients of NUMERICS.md. */
  private static ByteBuffer expected(Hyperparameters h, int step, double rate) {
    double power1 = 1;
    double power2 = 1;
    for (int i = 0; i < step; i++) {
      power1 *= h.beta1();
      power2 *= h.beta2();
    }
    ByteBuffer state = CudaLayout.buffer(CudaLayout.StepState.SIZE);
    state.putLong(CudaLayout.StepState.STEP, step);
    state.putLong(CudaLayout.StepState.KNOWN_RATES, step);
    state.putDouble(CudaLayout.StepState.BETA1_POWER, power1);
    state.putDouble(CudaLayout.StepState.BETA2_POWER, power2);
    int c = CudaLayout.StepState.COEFFICIENTS;
    double corrected = rate * (Math.sqrt(1 - power2) / (1 - power1));
    boolean ofRate = h.biasCorrection() == BiasCorrection.LEARNING_RATE;
    state.putDouble(CudaLayout.StepState.RATE, rate);
    state.putDouble(c + CudaLayout.Coefficients.LEARNING_RATE, ofRate ? corrected : rate);
    state.putDouble(c + CudaLayout.Coefficients.GRADIENT_SCALE, step == 3 ? 0.3 : 1);
    putBeta(state, c + CudaLayout.Coefficients.BETA1_HI, h.beta1());
    putBeta(state, c + CudaLayout.Coefficients.BETA2_HI, h.beta2());
    if (!h.gradientAveraging()) {
      state.putFloat(c + CudaLayout.Coefficients.ONE_MINUS_BETA1, 1);
    }
    boolean ofMoments = h.biasCorrection() == BiasCorrection.MOMENTS;
    state.putFloat(
        c + CudaLayout.Coefficients.M_CORRECTION, ofMoments ? (float) (1 / (1 - power1)) : 1);
    state.putFloat(
        c + CudaLayout.Coefficients.SQRT_V_CORRECTION,
        ofMoments ? (float) (1 / Math.sqrt(1 - power2)) : 1);
    state.putFloat(c + CudaLayout.Coefficients.EPSILON, (float) h.epsilon());
    float coupled = h.decoupledDecay() ? 0 : (float) h.weightDecay();
    float decoupled = h.decoupledDecay() ? (float) (rate * h.weightDecay()) : 0;
    state.putFloat(c + CudaLayout.Coefficients.WEIGHT_DECAY, coupled);
    state.putFloat(c + CudaLayout.Coefficients.DECOUPLED_DECAY, decoupled);
    return state;
  }

  /** A beta as the sum of two floats, then 1 - beta. */
  private static void putBeta(ByteBuffer to, int at, double beta) {
    float high = (float) beta;
    to.putFloat(at, high);
    to.putFloat(at + Float.BYTES, (float) (beta - high));
    to.putFloat(at + 2 * Float.BYTES, (float) (1 - beta));
  }

  private static String text(ByteBuffer states, int group) {
    StringBuilder words = new StringBuilder();
    for (int at = 0; at < CudaLayout.StepState.SIZE; at += Integer.BYTES) {
      int word = states.getInt(group * CudaLayout.StepState.SIZE + at);
      words.append("%d: %08x\n".formatted(at, word));
    }
    return words.toString();
  }
}
