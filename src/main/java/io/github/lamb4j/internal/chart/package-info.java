/**
 * Self-contained HTML pages with charts as inline SVG. Internal.
 *
 * <p>The charts are drawn here and not by a library. The pages follow the reader's light or dark
 * theme, carry a title and a description for screen readers, tell lines apart without color, stay
 * legible from phone width on, and run no script. The libraries for Java that draw without a
 * browser (JFreeChart with JFreeSVG, XChart) write fixed colors and AWT font metrics into the SVG
 * and no accessible names; those for browsers (ECharts, Plotly, Vega) add megabytes of JavaScript
 * to each page and leave nothing to read without it.
 */
package io.github.lamb4j.internal.chart;
