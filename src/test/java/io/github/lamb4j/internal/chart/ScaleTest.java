package io.github.lamb4j.internal.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/** Positions on an axis. */
class ScaleTest {

  private static final double NAN = Double.NaN;

  private static Scale linear(double... values) {
    return new Scale(Axis.linear("x"), DoubleStream.of(values));
  }

  private static Scale logarithmic(double... values) {
    return new Scale(Axis.logarithmic("x"), DoubleStream.of(values));
  }

  @Test
  void shouldSpanTheValuesWithAMargin() {
    Scale scale = linear(0, 10);
    assertEquals(0.5, scale.position(5), 1e-12);
    assertEquals(0.04 / 1.08, scale.position(0), 1e-12);
    assertEquals(1.04 / 1.08, scale.position(10), 1e-12);
  }

  @Test
  void shouldPlaceEqualRatiosEquallyFarApart() {
    Scale scale = logarithmic(1, 100);
    assertEquals(0.5, scale.position(10), 1e-12);
    assertEquals(List.of(1.0, 10.0, 100.0), scale.ticks());
  }

  @Test
  void shouldIncludeTheRangeOfTheAxis() {
    Scale scale = new Scale(Axis.linear("x").covering(-10, 10), DoubleStream.of(1));
    assertEquals(0.5, scale.position(0), 1e-12);
  }

  @Test
  void shouldNotPlaceWhatCannotBeDrawn() {
    Scale scale = linear(1, 2, NAN, Double.POSITIVE_INFINITY, Double.MAX_VALUE);
    assertEquals(0.5, scale.position(1.5), 1e-12);
    assertEquals(NAN, scale.position(NAN));
    assertEquals(NAN, scale.position(Double.NEGATIVE_INFINITY));
    assertEquals(NAN, scale.position(Double.MAX_VALUE));
    assertEquals(NAN, logarithmic(0, 1, 2).position(0));
    assertEquals(NAN, logarithmic(-1, 1, 2).position(-1));
  }

  @Test
  void shouldBeLinearIfNothingIsPositive() {
    assertTrue(logarithmic(0, 1).isLogarithmic());
    Scale scale = logarithmic(0, -1);
    assertFalse(scale.isLogarithmic());
    assertEquals(0.5, scale.position(-0.5), 1e-12);
  }

  @Test
  void shouldCenterASingleValue() {
    for (double value : new double[] {0, -3, 1e-308, 1e300}) {
      assertEquals(0.5, linear(value).position(value), 1e-12);
    }
    assertEquals(0.5, logarithmic(1e-308).position(1e-308), 1e-12);
    assertFalse(linear(7).ticks().isEmpty());
  }

  @Test
  void shouldHaveNoTicksWithoutValues() {
    assertEquals(List.of(), linear().ticks());
    assertEquals(List.of(), logarithmic(NAN, Double.POSITIVE_INFINITY).ticks());
  }
}
