package io.github.lamb4j.internal.chart;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** Pages and their charts. */
class PageTest {

  private static final double NAN = Double.NaN;
  private static final Pattern SVG = Pattern.compile("<svg.*?</svg>", Pattern.DOTALL);

  private static LineChart chart(Series... series) {
    LineChart chart = new LineChart("chart", Axis.linear("step"), Axis.linear("loss"));
    Stream.of(series).forEach(chart::add);
    return chart;
  }

  /** A series with the values at x = 0, 1, ... */
  private static Series series(double... values) {
    return Series.line(
        "a",
        0,
        IntStream.range(0, values.length).mapToObj(i -> new Series.Point(i, values[i])).toList());
  }

  private static String html(LineChart chart) {
    return new Page("page").figures(List.of(Figure.of(chart))).html();
  }

  /** The pictures, of which those in legends are later; each is well-formed. */
  private static List<Element> pictures(String html) throws Exception {
    List<String> texts = SVG.matcher(html).results().map(m -> m.group()).toList();
    Stream.Builder<Element> pictures = Stream.builder();
    for (String text : texts) {
      pictures.add(
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(new InputSource(new StringReader(text)))
              .getDocumentElement());
    }
    return pictures.build().toList();
  }

  private static List<Element> paths(LineChart chart, String type) throws Exception {
    NodeList paths = pictures(html(chart)).get(0).getElementsByTagName("path");
    return IntStream.range(0, paths.getLength())
        .mapToObj(i -> (Element) paths.item(i))
        .filter(path -> List.of(path.getAttribute("class").split(" ")).contains(type))
        .toList();
  }

  @Test
  void shouldConnectFiniteValuesAndLeaveGaps() throws Exception {
    assertEquals(1, paths(chart(series(1, 2, 3)), "line").size());
    assertEquals(2, paths(chart(series(1, 2, NAN, 3, 4)), "line").size());
    assertEquals(2, paths(chart(series(1, 2, Double.POSITIVE_INFINITY, 3, 4)), "line").size());
  }

  @Test
  void shouldMarkPointsBetweenGaps() throws Exception {
    LineChart chart = chart(series(1, NAN, 3, NAN));
    assertEquals(0, paths(chart, "line").size());
    assertEquals(2, paths(chart, "marker").size());
  }

  @Test
  void shouldMarkFewPointsOfLongLines() throws Exception {
    assertEquals(20, paths(chart(series(new double[20])), "marker").size());
    int markers = paths(chart(series(new double[512])), "marker").size();
    assertTrue(markers >= 4 && markers <= 10, "markers: " + markers);
  }

  @Test
  void shouldStartANewLineWhereARunWasResumedFromAnEarlierStep() throws Exception {
    List<Series.Point> points =
        DoubleStream.of(1, 2, 3, 2, 3, 4).mapToObj(x -> new Series.Point(x, x)).toList();
    assertEquals(2, paths(chart(Series.line("a", 0, points)), "line").size());
  }

  @Test
  void shouldTellSeriesApartWithoutColor() throws Exception {
    Series[] series =
        IntStream.range(0, Series.STYLES)
            .mapToObj(i -> Series.line("a", i, series(1, 2, 3).points()))
            .toArray(Series[]::new);
    LineChart chart = chart(series);
    List<Element> lines = paths(chart, "line");
    List<Element> hollow = paths(chart, "hollow");
    assertEquals(4, lines.stream().map(l -> l.getAttribute("stroke-dasharray")).distinct().count());
    assertEquals(Series.STYLES / 2 * 3, hollow.size());
  }

  @Test
  void shouldDrawRangesSpansBandsAndFailures() throws Exception {
    LineChart chart =
        chart(
                Series.band("b", 1, List.of(new Series.Point(0, 1, 0, 2))),
                Series.line("a", 0, List.of(new Series.Point(0, 1, 0.5, 2))))
            .addSpan("good", "a", 0, 0, 1)
            .addFailure("diverged", 0, 2);
    assertEquals(1, paths(chart, "band").size());
    assertEquals(2, paths(chart, "range").size(), "a whisker and a cross");
    assertEquals(1, paths(chart, "span").size());
    String html = html(chart);
    assertTrue(html.contains("<td>0 to 2</td><td>1 (0.5 to 2)</td>"), html);
    assertTrue(html.contains("Bars above: good"), html);
    assertTrue(html.contains("Crosses below: diverged"), html);
  }

  @Test
  void shouldSayThatNothingCanBeDrawn() {
    assertTrue(html(chart(series(NAN, NAN))).contains(">no finite values</text>"));
    assertTrue(html(chart(series())).contains(">no finite values</text>"));
    assertFalse(html(chart(series(NAN, 1))).contains("no finite values</text>"));
  }

  @Test
  void shouldNameEveryPicture() throws Exception {
    Figure figure = Figure.of(chart(series(1, 5, 2)));
    String html = new Page("page").figures(List.of(figure, figure)).html();
    List<Element> named =
        pictures(html).stream().filter(svg -> svg.getAttribute("role").equals("img")).toList();
    assertEquals(2, named.size());
    assertEquals(
        2, named.stream().map(svg -> svg.getAttribute("aria-labelledby")).distinct().count());
    for (Element svg : named) {
      Element title = (Element) svg.getElementsByTagName("title").item(0);
      Element description = (Element) svg.getElementsByTagName("desc").item(0);
      assertEquals(
          title.getAttribute("id") + " " + description.getAttribute("id"),
          svg.getAttribute("aria-labelledby"));
      assertEquals("chart", title.getTextContent());
      assertEquals(
          "Line chart of loss against step. a: 1 to 5, first 1, last 2. The table below has the"
              + " numbers.",
          description.getTextContent());
    }
  }

  @Test
  void shouldHoldAllNumbersInTheTable() {
    Series other =
        Series.line("other", 1, List.of(new Series.Point(1, 7), new Series.Point(1, NAN)));
    DataTable table = DataTable.of(chart(series(0.5, 0.25), other));
    assertEquals(List.of("step", "a", "other"), table.header());
    assertEquals(
        List.of(List.of("0", "0.5", ""), List.of("1", "0.25", "7"), List.of("1", "", "NaN")),
        table.rows());
    assertEquals("chart: loss", table.caption());
    LineChart named = new LineChart("Loss by epoch", Axis.linear("epoch"), Axis.linear("loss"));
    assertEquals("Loss by epoch", DataTable.of(named).caption());
  }

  @Test
  void shouldKeepNamesFromBecomingMarkup() throws Exception {
    String name = "<script>alert(1)</script>\"'&\n" + "x".repeat(5000);
    LineChart chart = new LineChart(name, Axis.linear(name), Axis.linear(name));
    chart.add(Series.line(name, 0, series(1, 2).points())).addSpan(name, name, 0, 0, 1);
    String html =
        new Page(name)
            .heading(name)
            .paragraph(name)
            .table(new DataTable(name, List.of(name), List.of(List.of(name))))
            .figures(List.of(Figure.of(chart)))
            .html();
    assertFalse(html.contains("<script"), html);
    assertEquals(2, pictures(html).size());
  }

  @Test
  void shouldLoadNothing() {
    String html = html(chart(series(1, 2)));
    assertFalse(Pattern.compile("https?:|src=|@import|url\\(").matcher(html).find(), html);
    assertTrue(html.contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""), html);
  }

  @Test
  void shouldWriteTheSameBytesAgain(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("page.html");
    Page page = new Page("page — ∞").figures(List.of(Figure.of(chart(series(1, 2)))));
    page.write(file);
    byte[] first = Files.readAllBytes(file);
    page.write(file);
    assertEquals(page.html(), Files.readString(file));
    assertArrayEquals(first, Files.readAllBytes(file));
  }
}
