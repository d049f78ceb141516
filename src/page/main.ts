// The script of the publication page: the download element, and numbers that live.
import { defineDownloadElement } from './download-element.ts';
import { keepNumbersFresh } from './live-numbers.ts';

defineDownloadElement();
keepNumbersFresh();
