"""The workbook: template, reading, checking and writing sheets."""
