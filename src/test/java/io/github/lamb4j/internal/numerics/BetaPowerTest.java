package io.github.lamb4j.internal.numerics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BetaPowerTest {

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.3, 0.9, 0.999, 0.9999999999999999})
  void shouldMultiplyTheFactorsOneByOne(double beta) {
    double power = 1;
    // Beyond step 7000 or so, where 0.9^t underflows and the product no longer changes.
    for (int step = 0; step < 9000; step++) {
      assertEquals(power, BetaPower.after(step, beta));
      power *= beta;
    }
  }

  @Test
  void shouldStopMultiplyingOnceNothingChanges() {
    assertEquals(0, BetaPower.after(Long.MAX_VALUE, 0));
    assertEquals(0, BetaPower.after(Long.MAX_VALUE, 0.5));
    assertEquals(Double.MIN_VALUE, BetaPower.after(Long.MAX_VALUE, 0.9), 5 * Double.MIN_VALUE);
  }
}
