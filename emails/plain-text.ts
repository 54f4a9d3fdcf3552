/** The part of the text builder that we use; the library ships no types. */
interface TextBuilder {
  openBlock(options: { leadingLineBreaks: number }): void
  closeBlock(options: { trailingLineBreaks: number }): void
  addInline(text: string, options?: { noWordTransform: boolean }): void
  addLineBreak(): void
}

interface HtmlElement {
  attribs: Record<string, string | undefined>
  children: unknown[]
}

/** How the text part is written from the same markup as the HTML part, so that the two can't say different things. */
export const plainText = {
  formatters: {
    // The link stands alone on its line: people copy it, and some clients take the rest of a line into it.
    action(element: HtmlElement, walk: (children: unknown[], builder: TextBuilder) => void, builder: TextBuilder) {
      builder.openBlock({ leadingLineBreaks: 2 })
      walk(element.children, builder)
      builder.addInline(':')
      builder.addLineBreak()
      builder.addInline(element.attribs.href ?? '', { noWordTransform: true })
      builder.closeBlock({ trailingLineBreaks: 2 })
    },
  },
  selectors: [
    { selector: 'h1', options: { uppercase: false, leadingLineBreaks: 2, trailingLineBreaks: 2 } },
    {
      selector: 'table.facts',
      format: 'dataTable',
      options: {
        uppercaseHeaderCells: false,
        leadingLineBreaks: 2,
        trailingLineBreaks: 2,
        colSpacing: 2,
        maxColumnWidth: 200,
      },
    },
    { selector: 'a.action', format: 'action' },
  ],
}
